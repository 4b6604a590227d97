import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, fixture, type LiveRun, openCourt, outputOf, type Replay } from './court.ts'
import type { Ask } from './fixtures/caller.ts'
import { callsTool, says } from './plan-chat.ts'
import { type PlannedAnswer, startWorld, type World } from './start-world.ts'

let world: World
let court: Court
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
})
afterAll(async () => {
  court.close()
  await world.close()
})

let cases = 0

/** A run of the assistant, live: a model that calls a tool once and then answers. */
function recordAssistant(name = 'run', plan = [callsTool(), says('Within 30 days.')]): Promise<LiveRun> {
  return court.record(fixture('assistant', name), { origin: world.origin, key: `ladder ${++cases}`, plan })
}

function ask(plan: PlannedAnswer[]): Ask {
  return { url: `${world.origin}/ask`, method: 'POST', body: JSON.stringify({ key: `ladder ${++cases}`, plan }) }
}

function expectFinished(replay: Replay): void {
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.divergences).toEqual([])
}

const notes = ({ replayed }: Replay) => replayed?.interactions.map(({ evidence }) => evidence?.note)

test('the grade is exact given the unchanged agent', async () => {
  const live = await recordAssistant()
  const replay = await court.replay(fixture('assistant'), live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['exact', 'exact'])
  expect(notes(replay)).toEqual([undefined, undefined])
  expect(outputOf(replay)).toEqual(live.output)
})

test('the grade is renamed, never exact, given ids that the agent draws anew in every run', async () => {
  const live = await recordAssistant('withIds')
  const replay = await court.replay(fixture('assistant', 'withIds'), live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['renamed', 'renamed'])
  expect(notes(replay)?.[0]).toMatch(/^generated values renamed: [\da-f-]{36} → [\da-f-]{36}/)
})

test('the grade is renamed given times that the agent reads off its clock', async () => {
  const live = await recordAssistant('withTimes')
  const replay = await court.replay(fixture('assistant', 'withTimes'), live)
  expectFinished(replay)
  expect(new Set(replay.grades)).toEqual(new Set(['renamed']))
})

test('an answer speaks of the ids of the replay given one that repeats those of the recorded run', async () => {
  const agent = court.agent(`
    export async function run({ url }) {
      const id = 'run_' + Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex')
      const body = JSON.stringify({ key: id, plan: [{ kind: 'json', value: { for: id } }] })
      const answer = await (await fetch(url, { method: 'POST', body })).json()
      return answer.for === id
    }`)
  const live = await court.record(agent, { url: `${world.origin}/ask` })
  const replay = await court.replay(agent, live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['renamed'])
  expect(outputOf(replay)).toBe(true)
})

test('the ids of a model stay exact given tool results that repeat them', async () => {
  const live = await recordAssistant('run', [
    callsTool('call_9fK2mQ7xLp3d'),
    callsTool('call_1aB4cD8eFg5h'),
    says('Done.'),
  ])
  const replay = await court.replay(fixture('assistant'), live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['exact', 'exact', 'exact'])
})

test('nothing is renamed given one id where the recorded run had two', async () => {
  const live = await recordAssistant('withIds')
  const replay = await court.replay(fixture('assistant'), live, { params: { stamp: 'uuids' } })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.grades).toEqual(['none'])
})

test('nothing is renamed given an id that the world gave, whoever gives the other', async () => {
  const call = (id: string): Ask => ({ ...ask([]), body: JSON.stringify({ key: 'world', plan: [], customer: id }) })
  const [one, other] = ['0b1c2d3e-4f50-4617-a829-3a4b5c6d7e8f', '7e8f3a4b-5c6d-4829-a617-4f500b1c2d3e']
  const live = await court.record(fixture('caller'), { asks: [call(one)] })
  const replay = await court.replay(fixture('caller'), live, { input: { asks: [call(other)] } })
  expect(replay.grades).toEqual(['none'])
})

const CUSTOMER = `
  export async function run({ url, customer }, params = {}) {
    const drawn = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex')
    const id = params.customer ?? customer ?? drawn.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    const body = JSON.stringify({ key: 'customer', plan: [], customer: id })
    return (await fetch(url, { method: 'POST', body })).text()
  }`

test('nothing is renamed given an id drawn by lot where the recorded one came with the input', async () => {
  const agent = court.agent(CUSTOMER)
  const url = `${world.origin}/ask`
  const live = await court.record(agent, { url, customer: '0b1c2d3e-4f50-4617-a829-3a4b5c6d7e8f' })
  const replay = await court.replay(agent, live, { input: { url } })
  expect(replay.grades).toEqual(['none'])
})

test('nothing is renamed given an id that the scenario gives as a parameter', async () => {
  const agent = court.agent(CUSTOMER)
  const live = await court.record(agent, { url: `${world.origin}/ask` })
  const replay = await court.replay(agent, live, { params: { customer: '7e8f3a4b-5c6d-4829-a617-4f500b1c2d3e' } })
  expect(replay.grades).toEqual(['none'])
})

test('the grade is ignored and the field is named given one that the scenario calls volatile', async () => {
  const live = await recordAssistant('withRequestTimes')
  const strict = await court.replay(fixture('assistant', 'withRequestTimes'), live)
  expect(strict.grades).toEqual(['none'])
  const replay = await court.replay(fixture('assistant', 'withRequestTimes'), live, {
    volatile: ['$.metadata.request_time'],
  })
  expectFinished(replay)
  expect(replay.grades).toEqual(['ignored', 'ignored'])
  expect(notes(replay)).toEqual(['ignored: $.metadata.request_time', 'ignored: $.metadata.request_time'])
})

test('the grade stays exact given a volatile field that did not differ', async () => {
  const live = await recordAssistant()
  const replay = await court.replay(fixture('assistant'), live, {
    volatile: ['$.metadata.request_time', '$.tools[0].type'],
  })
  expect(replay.grades).toEqual(['exact', 'exact'])
})

test('nothing is ignored given a change beside the volatile field', async () => {
  const live = await recordAssistant('withRequestTimes')
  const replay = await court.replay(fixture('assistant', 'withRequestTimes'), live, {
    volatile: ['$.metadata.request_time'],
    params: { result: 'No refunds.' },
  })
  expect(replay.grades).toEqual(['ignored', 'none'])
  expect(replay.divergences).toMatchObject([
    { kind: 'tool_result_changed', difference: { path: '$.messages[3].content' } },
  ])
})

test('the grade is stale to the end of the run given a changed prompt and stale answers asked for', async () => {
  const live = await recordAssistant()
  const replay = await court.replay(fixture('assistant'), live, {
    params: { system: 'You are a sceptic.' },
    on_divergence: 'stale',
  })
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.grades).toEqual(['stale', 'stale'])
  expect(notes(replay)).toEqual(['prompt_changed at $.messages[0].content', 'prompt_changed at $.messages[0].content'])
  expect(replay.divergences).toMatchObject([
    { grade: 'stale', step: 1 },
    { grade: 'stale', step: 2 },
  ])
  expect(outputOf(replay)).toEqual(live.output)
})

test('a stale answer is never taken for a better one given a later call that is equal to a recorded one', async () => {
  const [a, b] = [ask([{ kind: 'json', value: 'a' }]), ask([{ kind: 'json', value: 'b' }])]
  const live = await court.record(fixture('caller'), { asks: [a, b] })
  const changed = { ...a, body: (a.body ?? '').replace('"a"', '"A"') }
  const replay = await court.replay(fixture('caller'), live, {
    input: { asks: [changed, b, a] },
    on_divergence: 'stale',
  })
  expect(replay.grades).toEqual(['stale', 'exact', 'stale'])
  expect(replay.divergences.map(({ kind }) => kind)).toEqual(['request_changed', 'exhausted'])
})

test('nothing is served, however stale, given a call of another target', async () => {
  const live = await court.record(fixture('caller'), { asks: [ask([{ kind: 'json', value: 'a' }])] })
  const other = { ...ask([]), url: `${world.origin}/other` }
  const replay = await court.replay(fixture('caller'), live, { input: { asks: [other] }, on_divergence: 'stale' })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.grades).toEqual(['none'])
  expect(replay.divergences).toMatchObject([{ grade: 'none' }])
})

const HANG: PlannedAnswer[] = [{ kind: 'hang' }]

test('the grade is exact given a client that gives up when the recorded one did', async () => {
  const live = await court.record(fixture('caller', 'abort'), { asks: [ask(HANG)], patience: 80 })
  const replay = await court.replay(fixture('caller', 'abort'), live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['exact'])
  expect(outputOf(replay)).toBe('TimeoutError')
})

test('the grade is beyond given a client that waits for longer than the recorded one did', async () => {
  const live = await court.record(fixture('caller', 'abort'), { asks: [ask(HANG)], patience: 80 })
  const replay = await court.replay(fixture('caller', 'abort'), live, {
    input: { ...Object(live.recording.input), patience: 30_000 },
  })
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.grades).toEqual(['beyond'])
  expect(outputOf(replay)).toBe('TimeoutError')
})

test('the grade is beyond, and the silence ends, given a client that would wait for ever', async () => {
  const live = await court.record(fixture('caller', 'abort'), { asks: [ask(HANG)], patience: 80 })
  const replay = await court.replay(fixture('caller', 'abort'), live, {
    input: { ...Object(live.recording.input), patience: null },
  })
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.grades).toEqual(['beyond'])
  expect(outputOf(replay)).toBe('TypeError')
})

test('the grade is beyond given a stream that the recorded client dropped half-way and this one reads on', async () => {
  const agent = court.agent(`
    export async function run({ url, body, pieces }) {
      const signal = AbortSignal.timeout(20_000)
      let text = ''
      try {
        for await (const piece of (await fetch(url, { method: 'POST', body, signal })).body) {
          text += Buffer.from(piece).toString()
          if (--pieces === 0) break
        }
      } catch (error) {
        return text + error.name
      }
      return text
    }`)
  const input = { ...ask([{ kind: 'events', pieces: 20, gap: 40 }]), pieces: 1 }
  const live = await court.record(agent, input)
  expect(live.recording.interactions[0]?.end?.kind).toBe('aborted')
  expect((await court.replay(agent, live)).grades).toEqual(['exact'])
  const replay = await court.replay(agent, live, { input: { ...input, pieces: 10 } })
  expect(replay.grades).toEqual(['beyond'])
  expect(outputOf(replay)).toMatch(/TimeoutError$/)
})

test('the grade is exact given a call that the run left open when it ended, as the recorded one did', async () => {
  const live = await court.record(fixture('caller', 'race'), { asks: [ask(HANG)], patience: 250 })
  expect(live.recording.interactions[0]?.end).toBeNull()
  const replay = await court.replay(fixture('caller', 'race'), live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['exact'])
  expect(outputOf(replay)).toBe('gave up')
})

test('the grade is beyond given a call that the recorded run left open and this one waits for', async () => {
  const live = await court.record(fixture('caller', 'race'), { asks: [ask(HANG)], patience: 80 })
  const replay = await court.replay(fixture('caller', 'race'), live, {
    input: { ...Object(live.recording.input), patience: 9_000 },
  })
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(replay.grades).toEqual(['beyond'])
})

const SLOW_TOOL = `
  import { tool } from '${new URL('../../src/index.ts', import.meta.url).href}'
  const slow = tool('slow', () => new Promise(() => {}))
  export function run({ patience }) {
    const late = new Promise((resolve) => setTimeout(resolve, patience, 'gave up'))
    return Promise.race(patience === null ? [slow({})] : [slow({}), late])
  }`

test('the grade is exact given a tool that never answered and an agent that gives up as it did', async () => {
  const agent = court.agent(SLOW_TOOL)
  const live = await court.record(agent, { patience: 250 })
  const replay = await court.replay(agent, live)
  expectFinished(replay)
  expect(replay.grades).toEqual(['exact'])
})

test('the grade is beyond given a tool that never answered and an agent that waits for longer', async () => {
  const agent = court.agent(SLOW_TOOL)
  const live = await court.record(agent, { patience: 80 })
  expect((await court.replay(agent, live, { input: { patience: 9_000 } })).grades).toEqual(['beyond'])
  const forever = await court.replay(agent, live, { input: { patience: null } })
  expect(forever.end).toEqual({ outcome: 'deadlock', waiting: [expect.stringMatching(/^c1 tool slow/)] })
  expect(forever.grades).toEqual(['beyond'])
})

test('the grade is ignored given a volatile header that changes the question', async () => {
  const agent = court.agent(`
    export async function run({ url, body }, { version = '2023-06-01' } = {}) {
      return (await fetch(url, { method: 'POST', headers: { 'Anthropic-Version': version }, body })).text()
    }`)
  const { url, body } = ask([{ kind: 'json', value: 'a' }])
  const live = await court.record(agent, { url, body })
  const params = { version: '2026-10-21' }
  const strict = await court.replay(agent, live, { params })
  expect(strict.grades).toEqual(['none'])
  expect(strict.divergences).toMatchObject([{ difference: { path: 'header.anthropic-version' } }])
  const replay = await court.replay(agent, live, { params, volatile: ['header.anthropic-version'] })
  expectFinished(replay)
  expect(replay.grades).toEqual(['ignored'])
})
