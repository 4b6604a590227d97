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
const ANSWER_IT = [
  'Name a recording that holds the answer under `evidence:`.',
  'Supply the answer under `stubs:`; the verdict lists it as an assumption.',
  'Ask the real model for exactly this answer: --live model.',
]
const LOOK_FURTHER = 'Set `on_divergence: stale` on the candidate to look further; the verdict stays inconclusive.'

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
    expect(only.remedies).toEqual(
      kind === 'request_changed'
        ? [`List \`${path}\` under \`replay.volatile\` if it has no bearing on the answer.`, ...ANSWER_IT, RECORD_AGAIN]
        : [...ANSWER_IT, LOOK_FURTHER, RECORD_AGAIN],
    )
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
    ...ANSWER_IT,
    RECORD_AGAIN,
  ])
})

/** An agent that asks once, with a request that its second argument shapes. */
const SHAPED = `import OpenAI from 'openai'
const FACTS = ['The shop opens at nine.', 'Refunds take 30 days.', 'Parcels go by rail.', 'Gifts come wrapped.']
const SHAPES = {
  facts: () => FACTS,
  swapped: () => [FACTS[0], FACTS[2], FACTS[1], FACTS[3]],
  added: () => [FACTS[0], FACTS[1], 'Tea is free.', FACTS[2], FACTS[3]],
}
export async function run({ origin, key, plan, session }, { shape = 'facts', note, user = session, later_ms = 0, draws = 0 } = {}) {
  const defaultQuery = { plan: JSON.stringify({ key, plan }) }
  const client = new OpenAI({ baseURL: origin + '/v1', apiKey: 'no-key-needed', maxRetries: 0, defaultQuery })
  // So coarse that hardly ever a step of the clock falls between the beginning of the run and here.
  const at = new Date(Math.floor((Date.now() + later_ms) / 600_000) * 600_000)
  for (let i = 0; i < draws; i++) Math.random()
  const messages = SHAPES[shape]().map((content) => ({ role: 'user', content }))
  messages.unshift({ role: 'system', content: 'Answer. It is ' + at.toUTCString() + ', your number is ' + Math.random() })
  if (note) messages.push({ role: 'user', content: note })
  const { choices } = await client.chat.completions.create({ model: 'gpt-4o', messages, user })
  return { stop_reason: 'completed', answer: choices[0].message.content }
}
`

test.each([
  ['reordered', { shape: 'swapped' }, '$.messages[2]'],
  ['extra_turn', { shape: 'added' }, '$.messages[3]'],
  ['clock', { later_ms: 900_000 }, '$.messages[0].content'],
  ['randomness', { draws: 1 }, '$.messages[0].content'],
  ['generated_value', { user: 'sess_b81mqz04ty' }, '$.user'],
  // What a program makes is noise beside what a person wrote.
  ['extra_turn', { later_ms: 900_000, draws: 1, note: 'Be brief.' }, '$.messages[5]'],
])('the kind is %s given a candidate with %j', async (kind, params, path) => {
  const agent = court.agent(SHAPED)
  const input = { origin: world.origin, key: JSON.stringify(params), plan: [says('Fine.')], session: 'sess_k3j9d8f7a2' }
  const run = await court.record(agent, input)
  const unchanged = await court.replay(agent, run)
  expect(unchanged.divergences).toEqual([])
  const replay = await court.replay(agent, run, { params })
  expect(replay.divergences).toMatchObject([{ kind, difference: { path } }])
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
