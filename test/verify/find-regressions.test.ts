import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OTEL } from '../../src/model/gen-ai.ts'
import type { Expectations } from '../../src/model/incident.ts'
import type { Signals } from '../../src/model/signal.ts'
import type { Span } from '../../src/model/trace.ts'
import { findRegressions } from '../../src/verify/find-regressions.ts'
import { makeSignals, makeSpan, makeTimeout, makeTrace, TOLERANCE } from './runs.ts'

const RETRIED = { [OTEL.retries]: 2 }

function codes(before: Partial<Signals>, now: Partial<Signals>, expected: Expectations = {}): string[] {
  const run = (signals: Partial<Signals>) => ({ trace: makeTrace(), signals: makeSignals(signals) })
  const input = { baseline: run(before), candidate: run(now), expect: expected, tolerance: TOLERANCE }
  return findRegressions(input).map(({ code }) => code)
}

test.each<[string, Partial<Signals>, Partial<Signals>, string[]]>([
  ['nothing new', {}, {}, []],
  [
    'a new error class',
    { error_classes: { timeout: 3 } },
    { error_classes: { timeout: 9, reset: 1 } },
    ['new_error_class'],
  ],
  ['fewer errors', { error_classes: { timeout: 3 } }, { error_classes: {} }, []],
  ['calls that the agent ended or left itself', {}, { error_classes: { aborted: 2, unfinished: 1 } }, []],
  ['an error class named like a method', {}, { error_classes: { constructor: 1 } }, ['new_error_class']],
  ['a tool newly repeated', { repeated_same_result: { a: 2 } }, { repeated_same_result: { b: 1 } }, ['new_repeats']],
  ['a tool repeated more often', { repeated_same_result: { a: 2 } }, { repeated_same_result: { a: 9 } }, []],
  ['repeats with new results', {}, { repeated_tool_calls: { a: 4 } }, []],
  ['a count of zero', {}, { repeated_same_result: { a: 0 } }, []],
  ['malformed arguments', {}, { malformed_tool_arguments: 1 }, ['new_malformed_arguments']],
  ['more malformed arguments', { malformed_tool_arguments: 1 }, { malformed_tool_arguments: 3 }, []],
  ['unknown tools', {}, { unknown_tools: 1 }, ['new_unknown_tools']],
  ['truncated answers', {}, { truncated_answers: 1 }, ['new_truncated_answers']],
  ['a bad stop reason', { stop_reason: 'tool_error' }, { stop_reason: 'max_steps' }, ['new_stop_reason']],
  ['the same bad stop reason', { stop_reason: 'max_steps' }, { stop_reason: 'max_steps' }, []],
  ['a stop reason of nobody’s list', { stop_reason: 'max_steps' }, { stop_reason: 'handed_over' }, []],
  ['latency at the absolute limit', { run_latency_ms: 100 }, { run_latency_ms: 1100 }, []],
  ['latency past the absolute limit', { run_latency_ms: 100 }, { run_latency_ms: 1101 }, ['slower']],
  ['latency at the relative limit', { run_latency_ms: 10_000 }, { run_latency_ms: 15_000 }, []],
  ['latency past the relative limit', { run_latency_ms: 10_000 }, { run_latency_ms: 15_001 }, ['slower']],
  ['tokens at the limit', { input_tokens: 80, output_tokens: 20 }, { input_tokens: 50, output_tokens: 100 }, []],
  [
    'tokens past the limit',
    { input_tokens: 80, output_tokens: 20 },
    { input_tokens: 51, output_tokens: 100 },
    ['more_tokens'],
  ],
  ['tokens where none were counted', { input_tokens: 0, output_tokens: 0 }, { input_tokens: 900 }, []],
  ['steps at the limit', { steps: 4 }, { steps: 6 }, []],
  ['steps past the limit', { steps: 4 }, { steps: 7 }, ['more_steps']],
  [
    'figures that are no numbers',
    {},
    { run_latency_ms: Number.NaN, unknown_tools: Number.NaN },
    ['new_unknown_tools', 'slower'],
  ],
])('compares with the baseline given %s', (_, before, now, found) => {
  expect(codes(before, now)).toEqual(found)
})

test.each<[string, Span, Span, string[]]>([
  ['a tool that newly retries in vain', makeTimeout(), makeTimeout({ attributes: RETRIED }), ['new_retries']],
  ['a tool that newly retries and gets its answer', makeTimeout(), makeSpan({ attributes: RETRIED }), []],
  [
    'a tool that retried in vain before',
    makeTimeout({ attributes: RETRIED }),
    makeTimeout({ attributes: RETRIED }),
    [],
  ],
  [
    'a tool that got its answer by retries before',
    makeSpan({ attributes: RETRIED }),
    makeTimeout({ attributes: RETRIED }),
    ['new_retries'],
  ],
  [
    'another tool than the one that retried before',
    makeTimeout({ attributes: RETRIED }),
    makeTimeout({ name: 'other', attributes: RETRIED }),
    ['new_retries'],
  ],
  ['a tool that fails at once', makeSpan(), makeTimeout({ attributes: { [OTEL.retries]: 0 } }), []],
])('compares retries with the baseline given %s', (_, before, now, found) => {
  const run = (span: Span) => ({ trace: makeTrace({ spans: [span] }), signals: makeSignals() })
  const reasons = findRegressions({ baseline: run(before), candidate: run(now), tolerance: TOLERANCE })
  expect(reasons.map(({ code }) => code)).toEqual(found)
})

const ASKED = {
  [OTEL.httpMethod]: 'GET',
  [OTEL.url]: 'https://docs.test/?q=1',
  [OTEL.requestBytes]: 0,
  [OTEL.httpStatus]: 200,
}
const request = (id: string, attributes: Span['attributes'] = {}): Span => {
  const all = { ...ASKED, [OTEL.responseBody]: '[]', ...attributes }
  return makeSpan({ span_id: id, parent_id: 's1', step_type: 'http_request', name: 'GET docs.test/', attributes: all })
}

test.each<[string, Span[], string[]]>([
  ['a tool that asks once', [request('c1')], []],
  ['a tool that asks the same twice and gets the same', [request('c1'), request('c2')], ['new_retries']],
  ['a tool that asks another thing', [request('c1'), request('c2', { [OTEL.url]: 'https://docs.test/?q=2' })], []],
  ['a tool that polls', [request('c1'), request('c2'), request('c3', { [OTEL.responseBody]: '[1]' })], []],
  ['a tool that sends what is not known', [request('c1'), request('c2')].map(withBody), []],
  ['two tools that ask the same', [request('c1'), { ...request('c2'), parent_id: 's2' }], []],
])('compares what a tool repeats within itself with the baseline given %s', (_, requests, found) => {
  const tools = [makeSpan(), makeSpan({ span_id: 's2' })]
  const run = (spans: Span[]) => ({ trace: makeTrace({ spans: [...tools, ...spans] }), signals: makeSignals() })
  const compare = (before: Span[]) =>
    findRegressions({ baseline: run(before), candidate: run(requests), tolerance: TOLERANCE }).map(({ code }) => code)
  expect(compare([])).toEqual(found)
  expect(compare(requests)).toEqual([])
})

function withBody(span: Span): Span {
  return { ...span, attributes: { ...span.attributes, [OTEL.httpMethod]: 'POST', [OTEL.requestBytes]: 9 } }
}

test('lists an expectation that the baseline satisfied, and none that it violated as well', () => {
  expect(codes({ steps: 3 }, { steps: 5 }, { max_steps: 4 })).toEqual(['expectation_broken'])
  expect(codes({ steps: 5 }, { steps: 6 }, { max_steps: 4 })).toEqual([])
})

test('takes each forbidden tool as an expectation of its own', () => {
  expect(codes({ tool_sequence: ['a'] }, { tool_sequence: ['a', 'b'] }, { tools_never: ['a', 'b'] })).toEqual([
    'expectation_broken',
  ])
})

test('leaves the stop reason to the expectation given one', () => {
  const expected = { stop_reason: ['completed', 'max_steps'] }
  expect(codes({ stop_reason: 'tool_error' }, { stop_reason: 'max_steps' }, expected)).toEqual([])
  expect(codes({ stop_reason: 'completed' }, { stop_reason: 'tool_error' }, expected)).toEqual(['expectation_broken'])
})

test('finds no regression given a run compared with itself', () => {
  const counts = fc.dictionary(fc.string(), fc.nat())
  const signals = fc.record({
    error_classes: counts,
    repeated_same_result: counts,
    malformed_tool_arguments: fc.nat(),
    unknown_tools: fc.nat(),
    truncated_answers: fc.nat(),
    stop_reason: fc.string(),
    run_latency_ms: fc.double({ min: 0, max: 1e9, noNaN: true }),
    input_tokens: fc.nat(),
    steps: fc.nat(),
  })
  fc.assert(
    fc.property(signals, (some) => {
      expect(codes(some, some, { max_steps: 3 })).toEqual([])
    }),
  )
})
