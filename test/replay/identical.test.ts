import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import type { HttpRequest } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { EvidenceIndex } from '../../src/replay/evidence-index.ts'
import { isSameJson } from '../../src/replay/identical.ts'
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

const request = {
  method: 'POST',
  url: 'http://model.test/v1?a=1',
  headers: [['content-type', 'application/json'] as [string, string]],
  body: { text: '{"prompt":"é"}' },
}

/** An index of one recorded request after the other. */
function indexOf(...requests: HttpRequest[]): EvidenceIndex {
  const interactions = requests.map((request, i) => ({
    ...{ id: `c${i + 1}`, kind: 'http', door: 'fetch', started_ms: i, end: null, answer: null },
    request,
  }))
  return new EvidenceIndex({ interactions, input: null } as unknown as Recording, [])
}

test('a request is found by its bytes, and no other is, given every part of it changed in turn', () => {
  const index = indexOf(request)
  const asked = { ...request, text: request.body.text }
  const changed = [
    { ...asked, method: 'PUT' },
    { ...asked, url: 'http://model.test/v1?a=2' },
    { ...asked, headers: [['content-type', 'text/plain'] as [string, string]] },
    { ...asked, headers: [...asked.headers, ['anthropic-beta', 'x'] as [string, string]] },
    { ...asked, text: '{"prompt":"e"}' },
    { ...asked, text: '' },
  ]
  expect(changed.map((other) => index.findRequest(other))).toEqual(changed.map(() => null))
  expect(index.findRequest(asked)?.interaction.id).toBe('c1')
  expect(index.findRequest({ ...asked, headers: [...asked.headers, ['user-agent', 'sdk/2']] })?.interaction.id).toBe(
    'c1',
  )
})

test('any one character that differs is seen given a text that is too long to be a key', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 19_999 }), (at) => {
      const text = 'abcdefghij'.repeat(2_000)
      const other = `${text.slice(0, at)}#${text.slice(at + 1)}`
      const index = indexOf({ ...request, body: { text } }, { ...request, body: { text: other } })
      expect(index.findRequest({ ...request, text: other })?.interaction.id).toBe('c2')
      expect(index.findRequest({ ...request, text })?.interaction.id).toBe('c1')
      expect(index.findRequest({ ...request, text: `${text} ` })).toBeNull()
    }),
  )
})

test('equal requests get their answers in recorded order given several of one key', () => {
  const index = indexOf(request, request, { ...request, body: { text: '[]' } }, request)
  const asked = { ...request, text: request.body.text }
  const order = [1, 2, 3, 4].map(() => {
    const entry = index.findRequest(asked)
    if (entry !== null) index.use(entry)
    return entry?.interaction.id
  })
  expect(order).toEqual(['c1', 'c2', 'c4', undefined])
})

test('a value is the recorded one exactly when its JSON is, given any two', () => {
  const pair = fc.jsonValue().chain((value) => {
    const other = fc.oneof(fc.jsonValue(), fc.constant(structuredClone(value)), fc.constant([value]))
    return fc.tuple(fc.constant(value), other)
  })
  const hasMinusZero = (value: unknown): boolean =>
    typeof value === 'object' ? Object.values(value ?? {}).some(hasMinusZero) : Object.is(value, -0)
  fc.assert(
    fc.property(pair, ([live, recorded]) => {
      fc.pre(!hasMinusZero(live) && !hasMinusZero(recorded))
      expect(isSameJson(live, recorded as JsonValue)).toBe(JSON.stringify(live) === JSON.stringify(recorded))
    }),
  )
})

test('a value that JSON does not hold as it is has to be read given any kind of it', () => {
  const odd = [
    undefined,
    Number.NaN,
    -0,
    1n,
    new Date(0),
    new Map(),
    { a: undefined },
    [undefined],
    { toJSON: () => 1 },
    { [Symbol('hidden')]: 1 },
    Object.create({ inherited: 1 }),
  ]
  for (const value of odd) {
    const json = typeof value === 'bigint' ? 1 : (JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue)
    expect(isSameJson(value, json), String(value)).toBe(false)
  }
})

test('a call goes on to be read with care given arguments that cannot be looked at', () => {
  const recorded = { id: 'c1', kind: 'tool', name: 'look', args: { a: 1 }, started_ms: 0, end: null }
  const index = new EvidenceIndex({ interactions: [recorded], input: null } as unknown as Recording, [])
  const hostile = {
    get a() {
      throw new Error('no')
    },
  }
  const revoked = Proxy.revocable({ a: 1 }, {})
  revoked.revoke()
  for (const args of [hostile, revoked.proxy, [hostile]]) {
    expect(index.findFunction({ kind: 'tool', name: 'look', args: [] }, args)).toBeNull()
  }
  expect(index.findFunction({ kind: 'tool', name: 'look', args: [] }, { a: 1 })?.interaction.id).toBe('c1')
})
