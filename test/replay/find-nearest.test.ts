import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { type CanonicalCall, canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { EvidenceEntry } from '../../src/replay/evidence-index.ts'
import { findNearest } from '../../src/replay/find-nearest.ts'

interface Message {
  role: string
  content: string
}

function asking(messages: Message[], step: number): HttpInteraction {
  const body = { text: JSON.stringify({ model: 'gpt-4o', messages, tools: [{ name: 'search' }] }) }
  const request = { method: 'POST', url: 'https://model.example/v1/chat/completions', headers: [], body }
  return { id: `c${step}`, kind: 'http', door: 'fetch', started_ms: step, end: null, answer: null, request }
}

/** The calls of a run that re-sends its history: one with each turn. */
function runOf(turns: number): Message[][] {
  const history: Message[] = [{ role: 'system', content: 'You are a support agent.' }]
  return Array.from({ length: turns }, (_, i) => {
    history.push({ role: 'user', content: `Question ${i}: ${'what of it '.repeat(i % 17)}` })
    const asked = [...history]
    history.push({ role: 'assistant', content: `Answer ${i}: ${'so it is '.repeat(i % 13)}` })
    return asked
  })
}

/** Counts how often the content of a recorded call is read. */
function counted(call: CanonicalCall, reads: { count: number }): CanonicalCall {
  const { content } = call
  return Object.defineProperty({ ...call }, 'content', {
    get() {
      reads.count++
      return content
    },
  })
}

function entriesOf(calls: Message[][], reads = { count: 0 }): EvidenceEntry[] {
  return calls.map((messages, i) => {
    const entry = new EvidenceEntry(asking(messages, i + 1), i + 1)
    const call = counted(entry.call, reads)
    return Object.defineProperty(entry, 'call', { value: call })
  })
}

test('finds the same turn given a message in the middle of a long history that is another one', () => {
  const calls = runOf(200)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 199 }), fc.nat(), fc.string(), (turn, at, text) => {
      const messages = [...(calls[turn] as Message[])]
      // Not in the newest exchange: a history that shares only what came before may be as close to the turn before.
      messages[at % (messages.length - 2)] = { role: 'user', content: `Another: ${text}` }
      // Twice, so that neither beginning nor end is shared.
      messages[0] = { role: 'system', content: 'You are another agent.' }
      const found = findNearest(canonicaliseInteraction(asking(messages, 0)), entriesOf(calls))
      expect(found?.step).toBe(turn + 1)
    }),
    { numRuns: 20 },
  )
})

test.each([50, 100, 200, 400])('reads no more than a dozen histories given %i recorded calls', (turns) => {
  const reads = { count: 0 }
  const calls = runOf(turns)
  const entries = entriesOf(calls, reads)
  const messages = [...(calls[turns - 1] as Message[]), { role: 'user', content: 'Be brief.' }]
  expect(findNearest(canonicaliseInteraction(asking(messages, 0)), entries)?.step).toBe(turns)
  expect(reads.count).toBeLessThanOrEqual(12)
})
