import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Divergence } from '../../src/model/verdict.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { type Court, fixture, type LiveRun, openCourt, type Replay } from './court.ts'
import type { Changes } from './fixtures/assistant.ts'
import { callsTool, says } from './plan-chat.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
let live: LiveRun
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
  live = await court.record(fixture('assistant'), {
    origin: world.origin,
    key: 'divergence',
    plan: [callsTool(), says('Within 30 days.')],
  })
})
afterAll(async () => {
  court.close()
  await world.close()
})

const RECORD_AGAIN = 'Record the incident again with this candidate, and name that recording as the evidence.'
const STALE = [
  'The recorded answer was given to another question: it proves nothing about this one.',
  'Set `on_divergence: stale` on the candidate to look further; the verdict stays inconclusive.',
  RECORD_AGAIN,
]

async function replayWith(params: Changes): Promise<Replay & { only: Divergence }> {
  const replay = await court.replay(fixture('assistant'), live, { params })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.divergences).toHaveLength(1)
  return { ...replay, only: replay.divergences[0] as Divergence }
}

interface Expected {
  kind: string
  step: number
  path: string
  recorded: string | null
  asked: string | null
}

const CHANGES: [changes: Changes, expected: Expected][] = [
  [
    { system: 'You are a support agent. Retry twice.' },
    {
      kind: 'prompt_changed',
      step: 1,
      path: '$.messages[0].content',
      recorded: 'You are a support agent.',
      asked: 'You are a support agent. Retry twice.',
    },
  ],
  [
    { question: 'Which refund policy held?' },
    {
      kind: 'message_changed',
      step: 1,
      path: '$.messages[1].content',
      recorded: 'Which refund policy holds?',
      asked: 'Which refund policy held?',
    },
  ],
  [
    { description: 'Searches.' },
    {
      kind: 'tools_changed',
      step: 1,
      path: '$.tools[0].function.description',
      recorded: 'Searches the documents.',
      asked: 'Searches.',
    },
  ],
  [{ model: 'gpt-5' }, { kind: 'model_changed', step: 1, path: '$.model', recorded: 'gpt-4o', asked: 'gpt-5' }],
  [
    { result: 'No refunds.' },
    {
      kind: 'tool_result_changed',
      step: 2,
      path: '$.messages[3].content',
      recorded: 'Refunds within 30 days.',
      asked: 'No refunds.',
    },
  ],
  [
    { edit: 'add' },
    {
      kind: 'extra_turn',
      step: 2,
      path: '$.messages[4]',
      recorded: null,
      asked: JSON.stringify({ role: 'user', content: 'Be brief.' }, null, 2),
    },
  ],
  [
    { edit: 'drop' },
    {
      kind: 'missing_turn',
      step: 2,
      path: '$.messages[1]',
      recorded: JSON.stringify({ role: 'user', content: 'Which refund policy holds?' }, null, 2),
      asked: null,
    },
  ],
  [
    { extra: { temperature: 0.5 } },
    { kind: 'request_changed', step: 1, path: '$.temperature', recorded: null, asked: '0.5' },
  ],
]

test.each(CHANGES)(
  'the divergence names what changed and where given a candidate with %j',
  async (changes, expected) => {
    const { only, replayed } = await replayWith(changes)
    const { kind, step, path, recorded, asked } = expected
    expect(only).toMatchObject({
      kind,
      step,
      interaction: `c${step}`,
      grade: 'none',
      nearest: { interaction: `c${step}`, step, used: false },
      difference: { path, recorded, asked },
      request: `POST ${world.origin}/v1/chat/completions`,
      summary: `llm_generate ${changes.model ?? 'gpt-4o'}`,
    })
    for (const line of (recorded ?? '').split('\n').filter(Boolean)) expect(only.difference?.text_diff).toContain(line)
    const first =
      kind === 'request_changed'
        ? ['List the field under `replay.volatile` if it has no bearing on the answer.', RECORD_AGAIN]
        : STALE
    expect(only.remedies).toEqual(first)
    // Nothing of what came before is in doubt, and what the recording holds beyond is reported.
    const evidence = gradeEvidence(replayed?.interactions ?? [], ['c1', 'c2'])
    expect(evidence.unused).toEqual(step === 1 ? ['c1', 'c2'] : ['c2'])
    expect(evidence.worst).toBe('none')
  },
)

test('an exhausted question is told from a new one given a candidate that asks twice', async () => {
  const { only } = await replayWith({ asks: 2 })
  expect(only).toMatchObject({ kind: 'exhausted', step: 2, nearest: { step: 1, used: true }, difference: null })
  expect(only.remedies).toEqual([
    'Check whether the candidate repeats a call that the recorded agent made less often.',
    RECORD_AGAIN,
  ])
})

test('no neighbour is named given a call to another place with nothing in common', async () => {
  const replay = await court.replay(fixture('caller'), live, {
    input: { asks: [{ url: 'http://elsewhere.test/health' }] },
  })
  expect(replay.divergences).toMatchObject([
    { kind: 'new_request', nearest: null, difference: null, request: 'GET http://elsewhere.test/health' },
  ])
})

test('recorded calls that were not asked for are unused given a candidate that stops early', async () => {
  const replay = await court.replay(fixture('assistant'), live, { params: { turns: 1 } })
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.divergences).toEqual([])
  expect(gradeEvidence(replay.replayed?.interactions ?? [], ['c1', 'c2'])).toMatchObject({
    unused: ['c2'],
    worst: 'exact',
  })
})
