import { expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, tells, user } from './build-recording.ts'
import { outline } from './read-trace.ts'

const CALL: Call = ['call_1', 'search', '{"q":"refund"}']
const get = (id: string, at: number, status = 503, took = 100): HttpInteraction =>
  http(id, 'https://docs.test/search?q=refund', { at, status, took })

/** The retries of some requests, by a tool and by the agent itself. */
function retriesOf(requests: HttpInteraction[]): (number | undefined)[] {
  const byTool = [
    chat('m1', [user], { calls: [CALL] }, { at: 0 }),
    ...requests.map((one) => ({ ...one, started_ms: one.started_ms + 100 })),
    chat('m2', [user, asks(CALL), tells('call_1', 'error: unavailable')], { text: 'ok' }, { at: 5000 }),
  ]
  const { retries: tool } = computeSignals(projectRun(recordingOf(byTool)))
  const { retries: plain } = computeSignals(projectRun(recordingOf(requests)))
  return [tool.search, plain['GET docs.test/search']]
}

test.each([
  ['one after the other', [0, 100, 200, 300]],
  ['all at once', [0, 0, 0, 0]],
  ['10 ms apart', [0, 10, 20, 30]],
  ['two at once, and two again', [0, 0, 150, 150]],
])('counts three retries given four equal requests that fail, %s', (_, starts) => {
  expect(retriesOf(starts.map((at, i) => get(`c${i + 1}`, at)))).toEqual([3, 3])
})

test('counts a retry given an equal request that is made beside one that fails, and succeeds', () => {
  expect(retriesOf([get('c1', 0, 503), get('c2', 10, 200)])).toEqual([1, 1])
})

test('counts no retry given an equal request that is made beside one that succeeds', () => {
  expect(retriesOf([get('c1', 0, 200), get('c2', 10, 503)])).toEqual([undefined, undefined])
  expect(retriesOf([get('c1', 0, 200), get('c2', 10, 200)])).toEqual([undefined, undefined])
})

test('counts no retry given requests at once that are to different places', () => {
  const other = http('c2', 'https://docs.test/search?q=return', { at: 0, status: 503 })
  expect(retriesOf([get('c1', 0), other])).toEqual([undefined, undefined])
})

test('lasts until the last of them is over given requests at once', () => {
  const trace = projectRun(recordingOf([get('c1', 0, 503, 900), get('c2', 10, 503, 100)]))
  expect(outline(trace)).toEqual([['c1', null, 'http_request', 'GET docs.test/search', 'overloaded']])
  expect(trace.spans[0]).toMatchObject({ latency_ms: 900, interactions: ['c1', 'c2'] })
})

test('counts three retries given a model that is asked the same four times at once, and is overloaded', () => {
  const calls = ['c1', 'c2', 'c3', 'c4'].map((id) => chat(id, [user], { status: 529 }, { at: 0 }))
  const { retries, llm_calls } = computeSignals(projectRun(recordingOf(calls)))
  expect([retries, llm_calls]).toEqual([{ 'gpt-4o': 3 }, 1])
})
