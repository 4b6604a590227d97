import { expect, test } from 'vitest'
import type { HeaderList, HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { Renaming } from '../../src/replay/renaming.ts'
import { Supplements } from '../../src/replay/supplements.ts'
import { whyNoEvidence } from '../../src/replay/why-no-evidence.ts'
import { interactionOf, recordingOf } from './build-calls.ts'

const KEY: HeaderList = [['authorization', 'Bearer rdx-0123456789ab']]

function asking(headers: HeaderList): HttpInteraction {
  const plain = interactionOf({ start: 0, took: 10 }, 0)
  return { ...plain, request: { ...plain.request, headers } }
}

function take(held: HeaderList, asked: HeaderList, grade: 'pooled' | 'live' = 'pooled') {
  const recording = recordingOf([asking(held)])
  const supplements = new Supplements([{ grade, label: 'other.jsonl', recording }], [], [])
  const question = asking(asked)
  return supplements.take(canonicaliseInteraction(question), question, new Renaming('null'), 0)
}

test('gives the answer of another recording with its grade and where it stands given the same question', () => {
  expect(take(KEY, KEY)?.evidence).toEqual({ grade: 'pooled', source: 'other.jsonl#c1', note: 'from other.jsonl' })
  expect(take([], [], 'live')?.evidence.grade).toBe('live')
})

test.each(['pooled', 'live'] as const)('gives no %s answer to somebody else given a key more or less', (grade) => {
  expect(take(KEY, [], grade)).toBeNull()
  expect(take([], KEY, grade)).toBeNull()
  expect(take(KEY, [['x-api-key', 'rdx-0123456789ab']], grade)).toBeNull()
})

test('gives each answer once given the same question twice', () => {
  const recording = recordingOf([asking(KEY)])
  const supplements = new Supplements([{ grade: 'pooled', label: 'other.jsonl', recording }], [], [])
  const question = asking(KEY)
  const ask = () => supplements.take(canonicaliseInteraction(question), question, new Renaming('null'), 0)
  expect([ask()?.interaction.id, ask()]).toEqual(['c1', null])
})

test('gives the answer of a stub to what it names, every time, and to nothing else', () => {
  const stub = {
    assumption: 'it works',
    request: 'POST http://tools.test/0',
    json: { ok: true },
    after_ms: 20,
    status: 201,
    headers: {},
  }
  const supplements = new Supplements([], [stub], [])
  const ask = (index: number) => {
    const question = interactionOf({ start: 0, took: 10 }, index)
    return supplements.take(canonicaliseInteraction(question), question, new Renaming('null'), 0)
  }
  expect(ask(1)).toBeNull()
  for (const given of [ask(0), ask(0)]) {
    expect(given?.evidence).toEqual({ grade: 'stub', source: 'stubs[0]', note: 'assumed: it works' })
    expect(given?.interaction).toMatchObject({
      answer: { status: 201, headers: [['content-type', 'application/json']], chunks: [[20, { text: '{"ok":true}' }]] },
      end: { kind: 'complete', offset_ms: 20 },
    })
  }
})

test.each(['held', 'asked'])('gives no answer given that %s values are such as JSON cannot hold', (which) => {
  const call = (lossy: boolean): Interaction => ({
    id: 'c1',
    kind: 'tool',
    name: 'count',
    started_ms: 0,
    args: { n: null },
    value: 1,
    end: { kind: 'complete', offset_ms: 1 },
    ...(lossy && { lossy }),
  })
  const ask = (held: Interaction, asked: Interaction) =>
    new Supplements([{ grade: 'pooled', label: 'o', recording: recordingOf([held]) }], [], []).take(
      canonicaliseInteraction(asked),
      asked,
      new Renaming('null'),
      0,
    )
  expect(ask(call(false), call(false))?.evidence.grade).toBe('pooled')
  expect(ask(call(which === 'held'), call(which === 'asked'))).toBeNull()
})

test.each([
  [
    'a replay by its answers',
    { interactions: [{ ...asking([]), evidence: { grade: 'stale' as const, source: 'c1' } }] },
  ],
  ['a replay by its base', { base: { path: 'run_1.jsonl', digest: 'd' } }],
  ['a run whose records were lost', { notes: [{ at_ms: 0, code: 'dropped', message: '2 lost' }] }],
  ['a run without answers', { notes: [{ at_ms: 0, code: 'trace_only', message: '' }] }],
])('says why it is no further evidence given %s', (_, change) => {
  expect(whyNoEvidence({ ...recordingOf([asking([])]), ...change })).toEqual(expect.any(String))
  expect(whyNoEvidence(recordingOf([asking([])]))).toBeNull()
})
