import { expect, test } from 'vitest'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, recordingOf, tells, user, wrapped } from './build-recording.ts'

const CALL: Call = ['call_1', 'search', '{"q":"refund"}']

/** A tool that the model asks for once, and that calls a wrapped function with each of some arguments. */
function signalsOf(args: object[]) {
  const made = args.map((each, i) =>
    wrapped('tool', `c${i + 1}`, 'search', [{ ...each }], { at: 110 + 20 * i, value: { hits: 0 } }),
  )
  const last = chat('m2', [user, asks(CALL), tells('call_1', '{"hits":0}')], { text: 'ok' }, { at: 900 })
  const run = recordingOf([chat('m1', [user], { calls: [CALL] }, { at: 0 }), ...made, last])
  const { repeated_tool_calls, repeated_same_result } = computeSignals(projectRun(run))
  return [repeated_tool_calls.search, repeated_same_result.search]
}

test('counts every repeat given a wrapped tool that is called again within one call of the model', () => {
  const same = { q: 'refund' }
  expect(signalsOf([same])).toEqual([undefined, undefined])
  expect(signalsOf([same, same, same, same])).toEqual([3, 3])
})

test('counts them given other arguments than the model gave', () => {
  const same = { query: 'refund', limit: 5 }
  expect(signalsOf([same, same, same])).toEqual([2, 2])
  expect(signalsOf([same, { query: 'return', limit: 5 }])).toEqual([undefined, undefined])
})
