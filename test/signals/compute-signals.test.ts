import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { longestCycle } from '../../src/signals/run/loop-length.ts'
import { call, llm, result, span, trace } from './build-trace.ts'

test('gives neutral values given a run without spans and events', () => {
  expect(computeSignals(trace())).toEqual({
    first_error_span: null,
    slowest_span: null,
    stop_reason: 'completed',
    error_class: null,
    error_classes: {},
    repeated_tool_calls: {},
    repeated_same_result: {},
    steps: 0,
    llm_calls: 0,
    tool_calls: 0,
    tool_sequence: [],
    input_tokens: 0,
    output_tokens: 0,
    retries: {},
    loop_length: 0,
    truncated_answers: 0,
    malformed_tool_arguments: 0,
    unknown_tools: 0,
    context_growth: 1,
    error_cascade: { first: null, followed: 0 },
    run_latency_ms: 1000,
  })
})

test('has one file named after each signal', () => {
  const files = readdirSync(new URL('../../src/signals/run/', import.meta.url))
  const names = files.map((file) => file.replace('.ts', '').replaceAll('-', '_'))

  expect(names.sort()).toEqual(Object.keys(computeSignals(trace())).sort())
})

test('points to the earliest error and the slowest span given spans out of order', () => {
  const late = span('late', { at: 50, error_class: 'timeout', latency_ms: 90 })
  const early = span('early', { at: 10, error_class: 'rate_limit', latency_ms: 90 })
  const signals = computeSignals(trace({ spans: [late, early, span('ok', { latency_ms: 5 })] }))

  expect(signals.first_error_span).toBe(early)
  expect(signals.slowest_span).toBe(early)
  expect(signals.error_class).toBe('rate_limit')
  expect(signals.error_classes).toEqual({ timeout: 1, rate_limit: 1 })
})

test('takes the class from error.type, else unknown, given an error span without a class', () => {
  const spans = [
    span('a', { status: 'error', attributes: { 'error.type': 'TimeoutError' } }),
    span('b', { status: 'error', at: 1 }),
  ]
  const signals = computeSignals(trace({ spans }))

  expect(signals.error_class).toBe('TimeoutError')
  expect(signals.error_classes).toEqual({ TimeoutError: 1, unknown: 1 })
})

test('counts every repeat but only known equal results as the same given polling', () => {
  const events = [
    call('status', 'x', { call_id: '1' }),
    result('1', 'pending'),
    call('status', 'x', { call_id: '2' }),
    result('2', 'done'),
    call('status', 'x', { call_id: '3' }),
    result('3', 'pending'),
    call('status', 'x', { call_id: '4' }),
    result('4', null),
    call('other', 'x'),
  ]
  const signals = computeSignals(trace({ events }))

  expect(signals.repeated_tool_calls).toEqual({ status: 3 })
  expect(signals.repeated_same_result).toEqual({ status: 1 })
})

test('pairs results with calls in order given reused call ids and results that come late', () => {
  const events = [
    call('a', 'x', { call_id: 'same' }),
    call('b', 'x', { call_id: 'same' }),
    result('same', 'r1'),
    result('same', 'r2'),
    call('a', 'x', { call_id: 'same' }),
    result('same', 'r2'),
    call('b', 'x', { call_id: 'same' }),
    result('same', 'r2'),
  ]

  expect(computeSignals(trace({ events })).repeated_same_result).toEqual({ b: 1 })
})

test('reads the result hash off the call given events without tool_result', () => {
  const events = [call('a', 'x', { result_hash: 'r' }), call('a', 'x', { result_hash: 'r' })]

  expect(computeSignals(trace({ events })).repeated_same_result).toEqual({ a: 1 })
})

test('counts a wrapped model call and its request once given nested spans', () => {
  const spans = [
    llm('outer', 0, {}),
    { ...llm('inner', 1, { 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.output_tokens': 3 }), parent_id: 'outer' },
    llm('both', 2, { 'gen_ai.usage.input_tokens': 10 }),
    { ...llm('nested', 3, { 'gen_ai.usage.input_tokens': 10 }), parent_id: 'both' },
    { ...span('tool', { at: 4 }), parent_id: 'elsewhere' },
  ]
  const signals = computeSignals(trace({ spans }))

  expect(signals.llm_calls).toBe(2)
  expect(signals.steps).toBe(3)
  expect(signals.input_tokens).toBe(17)
  expect(signals.output_tokens).toBe(3)
})

test('ends given spans that are each other’s parents', () => {
  const spans = [llm('a', 0), llm('b', 1)].map((s, i) => ({
    ...s,
    parent_id: i === 0 ? 'b' : 'a',
    status: 'error' as const,
  }))

  expect(computeSignals(trace({ spans })).error_cascade).toEqual({ first: 'a', followed: 1 })
})

test('takes the tool sequence from the spans given a trace without a log', () => {
  const spans = [span('2', { at: 2, name: 'b' }), span('1', { at: 1, name: 'a' }), llm('m', 0)]
  const signals = computeSignals(trace({ spans }))

  expect(signals.tool_sequence).toEqual(['a', 'b'])
  expect(signals.tool_calls).toBe(2)
  expect(computeSignals(trace({ spans, events: [call('c', 'x')] })).tool_sequence).toEqual(['c'])
})

test('sums retries, malformed arguments and truncated answers given span attributes', () => {
  const spans = [
    llm('a', 0, { 'retrial.retries': 2, 'gen_ai.response.finish_reasons': ['length'] }),
    llm('b', 1, { 'retrial.retries': 1, 'gen_ai.response.finish_reasons': ['stop', 'MAX_TOKENS'] }),
    llm('c', 2, { 'retrial.retries': 0, 'gen_ai.response.finish_reasons': 'incomplete:max_output_tokens' }),
    llm('d', 3, { 'gen_ai.response.finish_reasons': ['stop'], 'retrial.tool.malformed_arguments': 2 }),
    span('t', { attributes: { 'retrial.tool.malformed_arguments': true } }),
    span('u', { attributes: { 'retrial.tool.malformed_arguments': false } }),
  ]
  const signals = computeSignals(trace({ spans }))

  expect(signals.retries).toEqual({ 'gpt-4o': 3 })
  expect(signals.truncated_answers).toBe(3)
  expect(signals.malformed_tool_arguments).toBe(3)
})

test('counts a tool as unknown given the last request at its level did not offer it', () => {
  const offers = (...tools: string[]) => ({ 'retrial.request.tools': tools })
  const spans = [
    span('before', { at: 0, name: 'x' }),
    llm('m1', 1, offers('search')),
    span('known', { at: 2, name: 'search' }),
    span('unknown', { at: 3, name: 'delete' }),
    span('agent', { at: 4, name: 'search' }),
    { ...llm('sub', 5, offers('delete')), parent_id: 'agent' },
    { ...span('within', { at: 6, name: 'delete' }), parent_id: 'agent' },
    span('outside', { at: 7, name: 'delete' }),
    llm('m2', 8, offers()),
    span('own', { at: 9, name: 'delete' }),
  ]

  expect(computeSignals(trace({ spans })).unknown_tools).toBe(2)
})

test('does not count a call that no model asked for as unknown given spans read off a recording', () => {
  const fields = { name: 'delete', at: 1, interactions: ['c2'] }
  const asked = { ...fields, attributes: { 'gen_ai.tool.call.id': 'call_1' } }
  const request = llm('m', 0, { 'retrial.request.tools': ['search'] })

  expect(computeSignals(trace({ spans: [request, span('own', fields)] })).unknown_tools).toBe(0)
  expect(computeSignals(trace({ spans: [request, span('asked', asked)] })).unknown_tools).toBe(1)
})

test('compares the longest request with the first given message counts', () => {
  const counts = [2, 5, 9, 4].map((count, i) => llm(`m${i}`, i, { 'retrial.request.message_count': count }))

  expect(computeSignals(trace({ spans: counts })).context_growth).toBe(4.5)
  expect(
    computeSignals(trace({ spans: counts.toReversed().map((s, i) => ({ ...s, started_at_ms: i })) })).context_growth,
  ).toBe(2.25)
})

test('counts what shares tool or class with the first error or stands around it as followed', () => {
  const spans = [
    span('step', { at: 0, step_type: 'reasoning', name: 'plan', error_class: 'x' }),
    { ...span('first', { at: 1, error_class: 'timeout' }), parent_id: 'step' },
    span('same tool', { at: 2, name: 'plan', error_class: 'x' }),
    span('other', { at: 3, name: 'fetch', error_class: 'denied' }),
    span('fine', { at: 4 }),
  ]

  expect(computeSignals(trace({ spans })).error_cascade).toEqual({ first: 'step', followed: 2 })
  expect(computeSignals(trace({ spans: spans.slice(1) })).error_cascade).toEqual({ first: 'first', followed: 0 })

  const within = { ...span('within', { at: 5, error_class: 'timeout' }), parent_id: 'around' }
  const around = span('around', { at: 5, name: 'plan', error_class: 'x' })
  expect(computeSignals(trace({ spans: [within, around] })).error_cascade).toEqual({ first: 'within', followed: 1 })
})

test('finds the longest primitive cycle given calls that repeat back to back', () => {
  const cycleOf = (text: string) => longestCycle(Array.from(text, (letter) => letter.charCodeAt(0)))

  expect(cycleOf('')).toBe(0)
  expect(cycleOf('abcab')).toBe(0)
  expect(cycleOf('aaaa')).toBe(1)
  expect(cycleOf('xabababy')).toBe(2)
  expect(cycleOf('aabcabcaa')).toBe(3)
  expect(cycleOf('aabaab')).toBe(3)
  expect(computeSignals(trace({ events: [call('a', 'x'), call('a', 'x'), call('a', 'y')] })).loop_length).toBe(1)
})

test('agrees with a search by text given any sequence of calls', () => {
  const sequences = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 24 })
  fc.assert(
    fc.property(sequences, (letters) => {
      const text = letters.join('')
      let longest = 0
      for (let from = 0; from < text.length; from++) {
        for (let to = from + 1; to <= text.length; to++) {
          const block = text.slice(from, to)
          const primitive = !/^(.+?)\1+$/.test(block)
          if (primitive && text.startsWith(block, to)) longest = Math.max(longest, block.length)
        }
      }
      expect(longestCycle(letters.map((letter) => letter.charCodeAt(0)))).toBe(longest)
    }),
  )
})

test('leaves the trace as it is given any signal is computed', () => {
  const run = trace({ spans: [span('b', { at: 2 }), span('a', { at: 1 })], events: [call('a', 'x')] })
  const before = structuredClone(run)

  computeSignals(run)

  expect(run).toEqual(before)
})
