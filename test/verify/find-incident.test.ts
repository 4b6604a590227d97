import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Role, Trigger } from '../../src/model/incident.ts'
import { findIncident } from '../../src/verify/find-incident.ts'
import { countTrigger } from '../../src/verify/roles/count-trigger.ts'
import { matchRole } from '../../src/verify/roles/match-role.ts'
import { INCIDENT, makeSignals, makeSpan, makeTimeout, makeTrace } from './runs.ts'

const TIMEOUT: Trigger = { span: 'tool_call:lookup', error_class: 'timeout', at_least: 1 }

test('finds all three roles given a run that shows the incident', () => {
  const trace = makeTrace({ spans: [makeTimeout(), makeTimeout({ attributes: { 'retrial.retries': 2 } })] })
  const signals = makeSignals({ repeated_tool_calls: { lookup: 3 }, stop_reason: 'gave_up' })
  expect(findIncident(trace, signals, INCIDENT)).toEqual({
    trigger: { present: true, observed: 'lookup timeout ×4', value: '4' },
    cause: { present: true, observed: 'repeated_tool_calls.lookup = 3', value: '3' },
    symptom: { present: true, observed: 'stop_reason = gave_up', value: 'gave_up' },
  })
})

test('finds no role given a run without errors', () => {
  const findings = findIncident(makeTrace({ spans: [makeSpan()] }), makeSignals(), INCIDENT)
  expect(Object.values(findings).map(({ present, value }) => [present, value])).toEqual([
    [false, '0'],
    [false, '0'],
    [false, 'completed'],
  ])
})

test.each([
  ['another step type', makeTimeout({ step_type: 'http_request' }), 0],
  ['another name', makeTimeout({ name: 'lookup2' }), 0],
  ['another error class', makeTimeout({ error_class: 'rate_limit' }), 0],
  ['an ok span', makeSpan(), 0],
  ['an ok span with the class of a former failure', makeSpan({ error_class: 'timeout' }), 0],
  [
    'a class that only the attributes hold',
    makeTimeout({ error_class: null, attributes: { 'error.type': 'timeout' } }),
    1,
  ],
  ['a final failure after two retries', makeTimeout({ attributes: { 'retrial.retries': 2 } }), 3],
  ['a success after two time-outs', makeSpan({ attributes: { 'retrial.retries': 2, 'error.type': 'timeout' } }), 2],
  [
    'a success after failures of another class',
    makeSpan({ attributes: { 'retrial.retries': 2, 'error.type': 'reset' } }),
    0,
  ],
  ['a success after failures of no known class', makeSpan({ attributes: { 'retrial.retries': 2 } }), 0],
  ['a retry count that is no number', makeTimeout({ attributes: { 'retrial.retries': 'many' } }), 1],
  ['a negative retry count', makeTimeout({ attributes: { 'retrial.retries': -5 } }), 1],
  [
    'a success after attempts of known classes',
    makeSpan({ attributes: { 'retrial.retries': 3, 'retrial.attempt_errors': ['timeout', 'reset', 'timeout'] } }),
    2,
  ],
  [
    'a final failure after attempts of other classes',
    makeTimeout({ attributes: { 'retrial.retries': 2, 'retrial.attempt_errors': ['reset', 'reset'] } }),
    1,
  ],
  [
    'a final failure of another class after a time-out',
    makeTimeout({ error_class: 'reset', attributes: { 'retrial.retries': 1, 'retrial.attempt_errors': ['timeout'] } }),
    1,
  ],
])('counts the acts of the world given %s', (_, span, count) => {
  expect(countTrigger(TIMEOUT, [span])).toBe(count)
})

test('counts every failed attempt given error class any', () => {
  const spans = [
    makeTimeout(),
    makeTimeout({ error_class: null }),
    makeSpan({ attributes: { 'retrial.retries': 2 } }),
    makeSpan(),
  ]
  expect(countTrigger({ span: 'tool_call', error_class: 'any', at_least: 1 }, spans)).toBe(4)
})

test('counts the listed attempts given error class any', () => {
  const span = makeSpan({ attributes: { 'retrial.retries': 3, 'retrial.attempt_errors': ['reset', 'timeout'] } })
  expect(countTrigger({ span: 'tool_call', error_class: 'any', at_least: 1 }, [span])).toBe(2)
})

test('counts attempts whatever their end given no error class', () => {
  const spans = [makeSpan(), makeTimeout({ attributes: { 'retrial.retries': 1 } }), makeSpan({ name: 'other' })]
  expect(countTrigger({ span: 'tool_call:lookup', at_least: 1 }, spans)).toBe(3)
})

test('takes a colon in a name as part of it given a selector', () => {
  const span = makeSpan({ step_type: 'http_request', name: 'GET api.example:8080/a' })
  expect(countTrigger({ span: 'http_request:GET api.example:8080/a', at_least: 1 }, [span])).toBe(1)
})

test.each([
  ['a tool result that matches', { 'gen_ai.tool.call.result': '{"hits": []}' }, 1],
  ['a tool result that is JSON', { 'gen_ai.tool.call.result': { hits: [] } }, 1],
  ['a tool result that does not match', { 'gen_ai.tool.call.result': '{"hits": [1]}' }, 0],
  ['the text of a model answer', { 'gen_ai.output.messages': 'found "hits":[]' }, 1],
  ['a response body', { 'http.response.body': '{"hits":[]}' }, 1],
  [
    'the text in the arguments only',
    { 'gen_ai.tool.call.arguments': '"hits": []', 'http.request.body': '"hits": []' },
    0,
  ],
  ['the text in no result at all', { 'gen_ai.request.model': '"hits": []' }, 0],
  ['no attribute', {}, 0],
])('looks at results only given %s', (_, attributes, count) => {
  const trigger: Trigger = { span: 'tool_call:lookup', result: { matches: '"hits":\\s*\\[\\]' }, at_least: 1 }
  expect(countTrigger(trigger, [makeSpan({ attributes })])).toBe(count)
})

test('counts the final answer alone given a condition on the result and retries', () => {
  const attributes = { 'gen_ai.tool.call.result': 'empty', 'retrial.retries': 3 }
  const trigger: Trigger = { span: 'tool_call', result: { matches: 'empty' }, at_least: 1 }
  expect(countTrigger(trigger, [makeSpan({ attributes })])).toBe(1)
  expect(countTrigger({ ...trigger, error_class: 'timeout' }, [makeTimeout({ attributes })])).toBe(1)
  expect(countTrigger({ ...trigger, error_class: 'timeout' }, [makeSpan({ attributes })])).toBe(0)
})

test('refuses a pattern that is no regular expression', () => {
  expect(() => countTrigger({ span: 'tool_call', result: { matches: '(' }, at_least: 1 }, [])).toThrow(
    expect.objectContaining({ code: 'ERR_VERIFY_PATTERN' }),
  )
})

test.each<[string, Role, boolean, string]>([
  ['a count of one tool', { signal: 'repeated_tool_calls', tool: 'a', at_least: 2 }, true, '2'],
  ['a count below the mark', { signal: 'repeated_tool_calls', tool: 'a', at_least: 3 }, false, '2'],
  ['a tool that is not counted', { signal: 'repeated_tool_calls', tool: 'zz', at_least: 1 }, false, '0'],
  ['a tool named like a method', { signal: 'repeated_tool_calls', tool: 'constructor', at_least: 1 }, false, '0'],
  ['the sum over all tools', { signal: 'repeated_tool_calls', at_least: 3 }, true, '3'],
  ['a count of one class', { signal: 'error_classes', of: 'timeout', at_least: 4 }, true, '4'],
  ['the calls of one tool', { signal: 'tool_calls', tool: 'lookup', at_least: 2 }, true, '2'],
  ['the calls of a tool that was not called', { signal: 'tool_calls', tool: 'zz', at_least: 1 }, false, '0'],
  ['a plain number', { signal: 'steps', at_least: 4 }, true, '4'],
  ['a value', { signal: 'stop_reason', is: 'completed' }, true, 'completed'],
  ['one of several values', { signal: 'stop_reason', is: ['x', 'completed'] }, true, 'completed'],
  ['another value', { signal: 'stop_reason', is: 'complete' }, false, 'completed'],
  ['no error class', { signal: 'error_class', is: 'none' }, false, 'none'],
  ['no error span', { signal: 'first_error_span', span: 'tool_call' }, false, 'none'],
])('compares a signal given %s', (_, match, present, value) => {
  const signals = makeSignals({ repeated_tool_calls: { a: 2, b: 1 }, error_classes: { timeout: 4 } })
  expect(matchRole(match, makeTrace(), signals)).toMatchObject({ present, value })
})

test('compares the first error span given a selector', () => {
  const signals = makeSignals({ first_error_span: makeTimeout(), error_class: 'timeout' })
  expect(matchRole({ signal: 'first_error_span', span: 'tool_call:lookup' }, makeTrace(), signals).present).toBe(true)
  expect(matchRole({ signal: 'first_error_span', span: 'tool_call:other' }, makeTrace(), signals).present).toBe(false)
  expect(matchRole({ signal: 'first_error_span', span: 'tool_call' }, makeTrace(), signals).value).toBe(
    'tool_call:lookup',
  )
  expect(matchRole({ signal: 'error_class', is: 'timeout' }, makeTrace(), signals).present).toBe(true)
})

const PAID = makeSpan({
  name: 'pay',
  attributes: { 'gen_ai.tool.call.arguments': '{ "unit": "cent", "amount": 1750 }' },
})

test.each<[string, Role, boolean, string]>([
  ['spans of one tool', { span: 'tool_call:pay', at_least: 2 }, true, '×2'],
  ['more of them than there are', { span: 'tool_call:pay', at_least: 3 }, false, '×2'],
  [
    'arguments, whatever their order',
    { span: 'tool_call:pay', arguments: { matches: '"amount":1750,"unit":"cent"' }, at_least: 2 },
    true,
    '×2',
  ],
  ['other arguments', { span: 'tool_call:pay', arguments: { matches: '"unit":"euro"' }, at_least: 1 }, false, '×0'],
  ['arguments of what has none', { span: 'tool_call:lookup', arguments: { matches: '.*' }, at_least: 1 }, false, '×0'],
  ['an output that matches', { output: { matches: 'refunded' } }, true, '{"refunded":17.5}'],
  ['an output that does not', { output: { matches: '^refunded' } }, false, '{"refunded":17.5}'],
  ['an output that lacks something', { output: { not_matches: 'EUR' } }, true, '{"refunded":17.5}'],
  ['an output that matches both', { output: { matches: '17', not_matches: '17' } }, false, '{"refunded":17.5}'],
])('compares what a run did and gave given %s', (_, role, present, value) => {
  const trace = makeTrace({ spans: [PAID, PAID, makeSpan()], output: { refunded: 17.5 } })
  expect(matchRole(role, trace, makeSignals())).toMatchObject({ present, value })
})

test('shortens a long output', () => {
  const { value } = matchRole({ output: { matches: 'x' } }, makeTrace({ output: 'x'.repeat(99) }), makeSignals())
  expect(value).toBe(`${'x'.repeat(59)}…`)
})

test.each<[string, Role, object]>([
  ['a missing count', { signal: 'steps', at_least: 1 }, { steps: undefined }],
  ['a count that is no number', { signal: 'steps', at_least: 1 }, { steps: Number.NaN }],
  ['a table with a hole', { signal: 'retries', at_least: 1 }, { retries: { a: Number.NaN } }],
  ['an entry that is no number', { signal: 'retries', of: 'a', at_least: 1 }, { retries: { a: '9' } }],
  ['missing calls', { signal: 'tool_calls', tool: 'a', at_least: 1 }, { tool_sequence: undefined }],
  ['a missing table', { signal: 'retries', at_least: 1 }, { retries: null }],
  ['a missing value', { signal: 'stop_reason', is: 'x' }, { stop_reason: undefined }],
  ['a missing span', { signal: 'first_error_span', span: 'tool_call' }, { first_error_span: undefined }],
])('refuses to call a signal absent given %s', (_, match, broken) => {
  expect(() => matchRole(match, makeTrace(), { ...makeSignals(), ...broken })).toThrow(
    expect.objectContaining({ code: 'ERR_VERIFY_SIGNAL' }),
  )
})

test('refuses a key given a signal that is not counted by key', () => {
  for (const match of [
    { signal: 'steps', tool: 'lookup', at_least: 1 },
    { signal: 'steps', of: 'lookup', at_least: 1 },
    { signal: 'tool_calls', of: 'lookup', at_least: 1 },
    { signal: 'retries', of: 'a', tool: 'a', at_least: 1 },
  ] as const) {
    expect(() => matchRole(match, makeTrace(), makeSignals())).toThrow(
      expect.objectContaining({ code: 'ERR_VERIFY_SIGNAL_KEY' }),
    )
  }
})

test('is monotone given more spans: a trigger once met stays met', () => {
  const span = fc.record({ failed: fc.boolean(), retries: fc.integer({ min: -1, max: 4 }), lookup: fc.boolean() })
  fc.assert(
    fc.property(fc.array(span), fc.array(span), (some, more) => {
      const build = (list: typeof some) =>
        list.map(({ failed, retries, lookup }) => {
          const overrides = { name: lookup ? 'lookup' : 'other', attributes: { 'retrial.retries': retries } }
          return failed ? makeTimeout(overrides) : makeSpan(overrides)
        })
      const before = countTrigger(TIMEOUT, build(some))
      expect(countTrigger(TIMEOUT, build([...some, ...more]))).toBe(before + countTrigger(TIMEOUT, build(more)))
    }),
  )
})
