import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { HEADER, modelCall } from './support/messages.ts'
import { tempFolder } from './support/sample.ts'

/** Text of a length that does not repeat itself: words made of a running number. */
function prose(length: number, seed: number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += `${((seed + 1) * 7919 + i * 104_729).toString(36)} `
  return text.slice(0, length)
}

/**
 * Records an agent that sends its whole history (6 kB system prompt, 12 kB of tools, 1.5 kB a message) on each turn.
 * `unique` is every distinct message, tool and answer body that went over the wire, counted once.
 */
async function recordTurns(turns: number): Promise<{ size: number; unique: number; sent: number }> {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER, { sync: false })
  const tools = Array.from({ length: 8 }, (_, i) => ({
    type: 'function',
    function: { name: `tool_${i}`, description: prose(1450, i) },
  }))
  const messages: unknown[] = [
    { role: 'system', content: prose(6000, 100) },
    { role: 'user', content: prose(1500, 101) },
  ]
  const bodies: string[] = []
  const distinct = new Set([...tools, ...messages].map((value) => JSON.stringify(value)))
  for (let turn = 1; turn <= turns; turn++) {
    const message = {
      role: 'assistant',
      content: prose(1500, 1000 + turn),
      tool_calls: [{ id: `call_${turn}`, function: { name: 'tool_1' } }],
    }
    const answer = {
      id: `chatcmpl-${turn}`,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: turn * 700, completion_tokens: 300 },
    }
    const call = modelCall(`c${turn}`, [], answer)
    const body = JSON.stringify({ model: 'gpt-4o', messages, tools, temperature: 0 })
    if (call.kind !== 'http') throw new Error('an HTTP call is expected')
    call.request.body = { text: body }
    writer.call(call)
    writer.result({ id: call.id, answer: call.answer, end: call.end })
    bodies.push(body)
    const result = { role: 'tool', tool_call_id: `call_${turn}`, content: prose(1500, 5000 + turn) }
    messages.push(message, result)
    for (const value of [answer, message, result]) distinct.add(JSON.stringify(value))
  }
  writer.seal()
  expect(writer.failure).toBeNull()
  const read = await readRecording(path)
  expect(read.interactions.map((one) => one.kind === 'http' && one.request.body)).toEqual(
    bodies.map((text) => ({ text })),
  )
  const unique = [...distinct].reduce((sum, text) => sum + text.length, 0)
  return { size: readFileSync(path).length, unique, sent: bodies.reduce((sum, text) => sum + text.length, 0) }
}

test.for([50, 200])(
  'takes at most 1.15 times the unique bytes given a run of %i turns that re-send their history',
  async (turns) => {
    const { size, unique, sent } = await recordTurns(turns)
    expect(size / unique).toBeLessThanOrEqual(1.15)
    expect(size).toBeLessThan(sent / 10)
  },
)

test('grows by the same for each turn given a run four times as long', async () => {
  const [short, long] = [await recordTurns(50), await recordTurns(200)]
  const ratio = long.size / long.unique / (short.size / short.unique)
  expect(ratio).toBeLessThan(1.1)
})

test('stores a system prompt and tools once given two conversations that share them', () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER, { sync: false })
  const system = { role: 'system', content: prose(6000, 1) }
  for (let turn = 1; turn <= 20; turn++) {
    const talk = Array.from({ length: turn }, (_, i) => ({ role: 'user', content: prose(500, (turn % 2) * 1000 + i) }))
    writer.call(modelCall(`c${turn}`, [system, ...talk]))
  }
  writer.seal()
  const text = readFileSync(path, 'utf8')
  expect(text.split(system.content)).toHaveLength(2)
  expect(text.length).toBeLessThan(6000 + 2 * 20 * 700 + 20 * 600)
})

test('stores only what differs given headers of the same names', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER, { sync: false })
  const headers = (id: string): [string, string][] => [
    ['user-agent', prose(300, 1)],
    ['x-request-id', id],
    ['x-stainless-lang', 'js'],
  ]
  for (let i = 1; i <= 10; i++) {
    const call = modelCall(`c${i}`, [])
    if (call.kind === 'http') call.request.headers = headers(`req-${i}`)
    writer.call(call)
  }
  writer.seal()
  expect(readFileSync(path, 'utf8').split(prose(300, 1))).toHaveLength(2)
  const read = await readRecording(path)
  expect(read.interactions.map((one) => one.kind === 'http' && one.request.headers)).toEqual(
    Array.from({ length: 10 }, (_, i) => headers(`req-${i + 1}`)),
  )
})
