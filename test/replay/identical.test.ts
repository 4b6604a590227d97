import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { digestAsk, digestInteraction } from '../../src/replay/digest-call.ts'
import { type Court, fixture, openCourt, outputOf } from './court.ts'
import { startWorld, type World } from './start-world.ts'

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

function ask(body: unknown, headers?: [string, string][]) {
  return { url: `${world.origin}/ask`, method: 'POST', body: JSON.stringify(body), ...(headers && { headers }) }
}

const plan = ['first', 'second'].map((value) => ({ kind: 'json', value, delay: 0 }))

test('a call gets the answer to its very bytes given an equal one recorded before it with keys in another order', async () => {
  const one = ask({ key: 'bytes', plan, a: 1, b: 2 })
  const other = ask({ key: 'bytes', plan, b: 2, a: 1 })
  const live = await court.record(fixture('caller'), { asks: [one, other] })
  const replay = await court.replay(fixture('caller'), live, { input: { asks: [other, one] } })
  expect(outputOf(replay)).toEqual(['"second"', '"first"'])
  expect(replay.grades).toEqual(['exact', 'exact'])
})

test('an equal call is exact given keys in an order that was not recorded', async () => {
  const live = await court.record(fixture('caller'), { asks: [ask({ key: 'order', plan, a: 1, b: 2 })] })
  const replay = await court.replay(fixture('caller'), live, {
    input: { asks: [ask({ b: 2, a: 1, plan, key: 'order' })] },
  })
  expect(outputOf(replay)).toEqual(['"first"'])
  expect(replay.grades).toEqual(['exact'])
})

test('nothing is served given equal bytes under a header that changes the question', async () => {
  const body = { key: 'beta', plan }
  const live = await court.record(fixture('caller'), { asks: [ask(body, [['openai-beta', 'assistants=v2']])] })
  const replay = await court.replay(fixture('caller'), live, {
    input: { asks: [ask(body, [['openai-beta', 'assistants=v1']])] },
  })
  expect(replay.grades).toEqual(['none'])
})

test('calls of equal bytes have one digest, others each their own, given every part of a request changed in turn', () => {
  const request = {
    method: 'POST',
    url: 'http://model.test/v1?a=1',
    headers: [['content-type', 'application/json'] as [string, string]],
    body: { text: '{"prompt":"é"}' },
  }
  const interaction = { id: 'c1', kind: 'http', door: 'fetch', started_ms: 0, end: null, answer: null, request }
  const recorded = digestInteraction(interaction as HttpInteraction)
  const asked = { door: 'fetch', ...request, body: Buffer.from(request.body.text) } as const
  const changed = [
    { ...asked, method: 'PUT' },
    { ...asked, url: 'http://model.test/v1?a=2' },
    { ...asked, headers: [['content-type', 'text/plain'] as [string, string]] },
    { ...asked, headers: [...asked.headers, ['anthropic-beta', 'x'] as [string, string]] },
    { ...asked, body: Buffer.from('{"prompt":"e"}') },
    { ...asked, body: null },
  ]
  expect(digestAsk(asked)).toBe(recorded)
  expect(digestAsk({ ...asked, headers: [...asked.headers, ['user-agent', 'sdk/2']] })).toBe(recorded)
  expect(new Set([recorded, ...changed.map(digestAsk)]).size).toBe(changed.length + 1)
})
