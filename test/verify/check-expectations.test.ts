import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import type { Expectations } from '../../src/model/incident.ts'
import { checkExpectations } from '../../src/verify/check-expectations.ts'
import { makeSignals, makeTrace } from './runs.ts'

function codes(
  expected: Expectations,
  output: JsonValue = 'the refund policy',
  tools = ['a', 'b', 'a', 'c'],
): string[] {
  const signals = makeSignals({ tool_sequence: tools, tool_calls: tools.length })
  return checkExpectations(expected, makeTrace({ output }), signals).map(({ code }) => code)
}

test('finds nothing given no expectations', () => {
  expect(codes({})).toEqual([])
})

test.each<[string, Expectations, string[]]>([
  ['the stop reason', { stop_reason: 'completed' }, []],
  ['one of several stop reasons', { stop_reason: ['done', 'completed'] }, []],
  ['another stop reason', { stop_reason: ['done', 'complete'] }, ['expect_stop_reason']],
  ['an output that matches', { output: { matches: 'refund' } }, []],
  ['an output that does not match', { output: { matches: '^refund' } }, ['expect_output_matches']],
  ['an output with a forbidden word', { output: { not_matches: 'policy' } }, ['expect_output_not_matches']],
  ['an output without a forbidden word', { output: { not_matches: 'sorry' } }, []],
  ['tools in order', { tools: ['a', 'c'] }, []],
  ['tools in order with a repeat', { tools: ['a', 'a', 'c'] }, []],
  ['tools out of order', { tools: ['c', 'a'] }, ['expect_tools']],
  ['more repeats than calls', { tools: ['a', 'a', 'a'] }, ['expect_tools']],
  ['a tool that is not called', { tools: ['z'] }, ['expect_tools']],
  ['a forbidden tool', { tools_never: ['b', 'z', 'b'] }, ['expect_tools_never']],
  ['two forbidden tools', { tools_never: ['a', 'b'] }, ['expect_tools_never', 'expect_tools_never']],
  ['limits just met', { max_steps: 4, max_llm_calls: 2, max_tool_calls: 4, max_latency_ms: 100, max_tokens: 120 }, []],
  [
    'limits just passed',
    { max_steps: 3, max_llm_calls: 1, max_tool_calls: 3, max_latency_ms: 99.9, max_tokens: 119 },
    ['expect_max_steps', 'expect_max_llm_calls', 'expect_max_tool_calls', 'expect_max_latency_ms', 'expect_max_tokens'],
  ],
])('lists what is violated given %s', (_, expected, violated) => {
  expect(codes(expected)).toEqual(violated)
})

test('reads an output that is no text as JSON', () => {
  expect(codes({ output: { matches: '"refund":true' } }, { refund: true })).toEqual([])
  expect(codes({ output: { matches: '^\\[1,2\\]$' } }, [1, 2])).toEqual([])
  expect(codes({ output: { matches: '^null$' } }, null)).toEqual([])
  expect(codes({ output: { matches: 'refund' } }, null)).toEqual(['expect_output_matches'])
})

test('does not let a figure that is no number pass as a small one', () => {
  const signals = makeSignals({ steps: Number.NaN })
  const found = checkExpectations({ max_steps: 9 }, makeTrace(), signals)
  expect(found).toMatchObject([{ code: 'expect_max_steps', data: { expected: 9, actual: null } }])
})

test('refuses a pattern that is no regular expression', () => {
  expect(() => codes({ output: { matches: '[' } })).toThrow(expect.objectContaining({ code: 'ERR_VERIFY_PATTERN' }))
  expect(() => codes({ output: { not_matches: '[' } })).toThrow(expect.objectContaining({ code: 'ERR_VERIFY_PATTERN' }))
})
