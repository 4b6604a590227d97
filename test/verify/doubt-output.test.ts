import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { encodeValue } from '../../src/recording/encode-value.ts'
import { doubtOutput } from '../../src/verify/doubt-output.ts'
import type { TrialRun } from '../../src/verify/trial-run.ts'
import { GREEN, makeRun, makeTrace, RED, THROWN } from './runs.ts'

class Reply {
  stop_reason = 'completed'
  get answer(): string {
    return 'hidden'
  }
}

function runOf(output: unknown, overrides: Partial<TrialRun> = {}): TrialRun {
  return makeRun(GREEN, { trace: makeTrace({ output: encodeValue(output).value as JsonValue }), ...overrides })
}

function codesOf(output: unknown, unfixed: unknown = { stop_reason: 'gave_up' }): string[] {
  return doubtOutput(runOf(output), runOf(unfixed)).map(({ code }) => code)
}

test.each([
  ['nothing', undefined, ['stop_reason_missing']],
  ['null', null, ['stop_reason_missing']],
  ['an empty text', '', ['stop_reason_missing']],
  ['a text', 'done', ['stop_reason_missing']],
  ['data without a stop reason', { answer: 'done' }, ['stop_reason_missing']],
  ['a map', new Map([['stop_reason', 'completed']]), ['stop_reason_missing']],
  ['an answer that nobody has read', new Response('done'), ['lossy_output', 'stop_reason_missing']],
  ['a generator', (async function* () {})(), ['lossy_output', 'stop_reason_missing']],
  ['a stream', new ReadableStream(), ['lossy_output', 'stop_reason_missing']],
  ['an instance of a class', new Reply(), ['lossy_output']],
  ['a function within', { stop_reason: 'completed', next: () => 1 }, ['lossy_output']],
  ['data', { stop_reason: 'completed', answer: 'done' }, []],
  ['data with another name', { stopReason: 'completed' }, []],
  ['data that JSON has no form for', { finish_reason: 'stop', at: new Date(0), n: 1n, none: undefined }, []],
])('doubts what an output does not say given %s', (_, output, codes) => {
  expect(codesOf(output)).toEqual(codes)
})

test('doubts nothing given an unfixed agent whose output says as little', () => {
  expect(codesOf('done', 'no')).toEqual([])
  expect(codesOf(new Reply(), new Reply())).toEqual([])
  expect(codesOf(new Response('done'), new Response('no'))).toEqual([])
})

test('doubts no output given a run that threw or came to no end', () => {
  const unfixed = runOf({ stop_reason: 'gave_up' })
  expect(doubtOutput(runOf(null, { agent_error: THROWN }), unfixed)).toEqual([])
  expect(doubtOutput(runOf(null, { trace: makeTrace({ output: null, finished: false }) }), unfixed)).toEqual([])
  expect(doubtOutput(runOf(null), makeRun(RED, { trace: null }))).toEqual([])
})
