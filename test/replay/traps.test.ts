/** What other tools of this kind are known to get wrong: one test each. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChangedHeaders } from '../../src/trial/find-changed-headers.ts'
import { gradeEvidence, supports } from '../../src/verify/grade-evidence.ts'
import { type Agent, type Court, fixture, openCourt, outputOf } from './court.ts'
import type { Changes } from './fixtures/assistant.ts'
import type { Ask } from './fixtures/caller.ts'
import { callsTool, says } from './plan-chat.ts'
import { startWorld, type World } from './start-world.ts'

const KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD'

let world: World
let court: Court
beforeAll(async () => {
  world = await startWorld()
  court = openCourt({ OPENAI_API_KEY: KEY })
})
afterAll(async () => {
  court.close()
  await world.close()
})

const chat = (key: string) => ({ origin: world.origin, key, plan: [callsTool(), says('Within 30 days.')] })

const EDITS: Changes[] = [
  { system: 'You are a new agent.' },
  { result: 'Another result.' },
  { description: 'Another description.' },
  { model: 'gpt-5' },
  { edit: 'add' },
]

test.each(EDITS)(
  'an old answer to a new question never supports a verdict, though it is served, given %j',
  async (params) => {
    const live = await court.record(fixture('assistant'), chat(JSON.stringify(params)))
    const replay = await court.replay(fixture('assistant'), live, { params, on_divergence: 'stale' })
    expect(outputOf(replay)).toEqual(live.output)
    expect(replay.grades.at(-1)).toBe('stale')
    const { worst, coverage } = gradeEvidence(replay.replayed?.interactions ?? [], ['c1', 'c2'])
    expect(supports(worst ?? 'exact', 'live')).toBe(false)
    expect(coverage).toBeLessThan(1)
  },
)

test('each of three parallel calls gets its own answer given one text of the user in all of them', async () => {
  const ask = (i: number): Ask => ({
    url: `${world.origin}/v1/chat/completions?plan=${encodeURIComponent(JSON.stringify({ key: `p${i}`, plan: [says(`answer ${i}`, { delay: 30 - 10 * i })] }))}`,
    method: 'POST',
    body: JSON.stringify({
      model: 'm',
      user: `tenant ${i}`,
      messages: [{ role: 'user', content: 'Which policy holds?' }],
    }),
  })
  const live = await court.record(fixture('caller', 'atOnce'), { asks: [0, 1, 2].map(ask) })
  const replay = await court.replay(fixture('caller', 'atOnce'), live, { input: { asks: [2, 0, 1].map(ask) } })
  const answers = (outputOf(replay) as string[]).map((text) => JSON.parse(text).choices[0].message.content)
  expect(answers).toEqual(['answer 2', 'answer 0', 'answer 1'])
})

test('polling does not collapse into its first or last answer given the same call four times', async () => {
  const plan = ['queued', 'queued', 'running', 'done'].map((value) => ({ kind: 'json' as const, value }))
  const asks = [{ url: `${world.origin}/jobs/7`, method: 'POST', body: JSON.stringify({ key: 'job', plan }) }]
  const live = await court.record(fixture('caller', 'poll'), { asks })
  const replay = await court.replay(fixture('caller', 'poll'), live)
  expect(outputOf(replay)).toEqual(['"queued"', '"queued"', '"running"', '"done"'])
})

test('a call that matches nothing gets nothing given unused answers of the same place and number', async () => {
  const ask = (word: string): Ask => ({
    url: `${world.origin}/search`,
    method: 'POST',
    body: JSON.stringify({ key: word, plan: [] }),
  })
  const live = await court.record(fixture('caller'), { asks: ['a', 'b', 'c'].map(ask) })
  const replay = await court.replay(fixture('caller'), live, { input: { asks: ['x', 'y', 'z'].map(ask) } })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.grades).toEqual(['none'])
  expect(outputOf(replay)).toBeUndefined()
})

test('the clock of the recorded run decides, not that of the day of the replay, given an agent that goes by the date', async () => {
  const agent = court.agent(`
    export async function run({ url }) {
      const began = Date.now()
      await new Promise((resolve) => setTimeout(resolve, 40))
      const hour = new Date(began).toISOString().slice(0, 13)
      const answer = await (await fetch(url + '?hour=' + hour)).text()
      return { hour, waited: Date.now() - began >= 40, lot: Math.random(), id: crypto.randomUUID(), answer }
    }`)
  const live = await court.record(agent, { url: `${world.origin}/today` })
  const then = Date.UTC(2020, 1, 29, 23, 59)
  const hour = '2020-02-29T23'
  const recording = structuredClone(live.recording)
  recording.run.started_at = then
  for (const one of recording.interactions) {
    if (one.kind === 'http') one.request.url = one.request.url.replace(/hour=.*/, `hour=${hour}`)
  }
  const old = court.save(recording)
  const replays = [await court.replay(agent, old), await court.replay(agent, old)]
  for (const replay of replays) {
    expect(replay.grades).toEqual(['exact'])
    expect(outputOf(replay)).toMatchObject({ hour, waited: true })
  }
  expect(outputOf(replays[1] as (typeof replays)[0])).toEqual(outputOf(replays[0] as (typeof replays)[0]))
})

test('a redacted recording matches exactly given requests that carry secrets', async () => {
  const agent = court.agent(`
    export async function run({ url, secret }) {
      const headers = { authorization: 'Bearer ' + process.env.OPENAI_API_KEY, 'content-type': 'application/json' }
      const body = JSON.stringify({ api_key: secret, note: 'signed with ' + secret, plan: [], key: 'secret' })
      return (await fetch(url + '?token=' + secret, { method: 'POST', headers, body })).status
    }`)
  const live = await court.record(agent, { url: `${world.origin}/private`, secret: KEY })
  expect(JSON.stringify(live.recording)).not.toContain(KEY)
  const replay = await court.replay(agent, live)
  expect(replay.grades).toEqual(['exact'])
  const original = await court.replay(agent, live, { input: { url: `${world.origin}/private`, secret: KEY } })
  expect(original.grades).toEqual(['exact'])
})

test('the whole run is recorded as it came over the wire, not its first step or a value made of it', async () => {
  const live = await court.record(fixture('assistant'), {
    ...chat('whole'),
    plan: [callsTool('call_1aB2cD3eF4gH'), callsTool('call_5iJ6kL7mN8oP'), says('Done.')],
  })
  expect(live.recording.interactions).toHaveLength(3)
  for (const one of live.recording.interactions) expect(one).toMatchObject({ kind: 'http', answer: { status: 200 } })
  const replay = await court.replay(fixture('assistant'), live)
  expect(outputOf(replay)).toEqual(live.output)
  const contacts = world.contacts()
  expect((await court.replay(fixture('assistant'), live)).grades).toEqual(['exact', 'exact', 'exact'])
  expect(world.contacts()).toBe(contacts)
})

test('a recording made through one major of an SDK matches exactly through the next, and the other way round', async () => {
  const through = (sdk: string): string => `
    import OpenAI from '${sdk}'
    export async function run({ origin, key, plan }) {
      const defaultQuery = { plan: JSON.stringify({ key, plan }) }
      const client = new OpenAI({ baseURL: origin + '/v1', apiKey: 'no-key-needed', maxRetries: 0, defaultQuery })
      const messages = [{ role: 'user', content: 'Which refund policy holds?' }]
      const answer = await client.chat.completions.create({ model: 'gpt-4o', messages })
      const stream = await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? ''
      return [answer.choices[0].message.content, text]
    }`
  const majors = [import.meta.resolve('openai-6'), import.meta.resolve('openai')].map((sdk) =>
    court.agent(through(sdk)),
  )
  for (const [recorded, replayed] of [majors, majors.toReversed()] as [Agent, Agent][]) {
    const plan = [says('Within 30 days.'), { kind: 'events' }]
    const live = await court.record(recorded, { ...chat(`through ${recorded.module}`), plan })
    const replay = await court.replay(replayed, live)
    expect(replay.grades).toEqual(['exact', 'exact'])
    expect(outputOf(replay)).toEqual(live.output)
    expect(findChangedHeaders({ interactions: replay.replayed?.interactions ?? [] }, [], live.recording)).toEqual([])
  }
})
