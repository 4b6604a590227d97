import { expect, test } from 'vitest'
import { inSegment, narrowToSegment, segmentOf } from '../../src/model/segment.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { call, llm, span, trace } from './build-trace.ts'

const run = trace({
  context: { release: 'v2', workflow: 'refund' },
  spans: [
    llm('m', 0, { 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'gpt-4o-2024-08-06' }),
    span('s', { at: 1, name: 'search', latency_ms: 30, error_class: 'timeout' }),
    span('f', { at: 2, name: 'fetch', latency_ms: 90 }),
  ],
  events: [call('search', 'a'), call('fetch', 'a'), call('fetch', 'a')],
})

test('names release, workflow, models and tools of a run', () => {
  expect(segmentOf(run)).toEqual({
    release: 'v2',
    workflow: 'refund',
    models: ['gpt-4o', 'gpt-4o-2024-08-06'],
    tools: ['search', 'fetch'],
  })
})

test('asks for every key that is given', () => {
  expect(inSegment(run, {})).toBe(true)
  expect(inSegment(run, { release: 'v2', workflow: 'refund', model: 'gpt-4o', tool: 'fetch' })).toBe(true)
  for (const other of [{ release: 'v1' }, { workflow: 'x' }, { model: 'claude' }, { tool: 'delete' }]) {
    expect(inSegment(run, other)).toBe(false)
    expect(narrowToSegment(run, other)).toBeNull()
  }
})

test('keeps the spans and events of a tool, a model or both given a segment', () => {
  const signalsOf = (segment: Parameters<typeof narrowToSegment>[1]) => {
    const own = narrowToSegment(run, segment)
    return own === null ? null : computeSignals(own)
  }

  expect(signalsOf({ tool: 'fetch' })).toMatchObject({
    first_error_span: null,
    tool_calls: 2,
    repeated_tool_calls: { fetch: 1 },
  })
  expect(signalsOf({ tool: 'search' })).toMatchObject({ error_class: 'timeout', repeated_tool_calls: {}, llm_calls: 0 })
  expect(signalsOf({ model: 'gpt-4o' })).toMatchObject({ llm_calls: 1, tool_calls: 0, steps: 1 })
  expect(signalsOf({ model: 'gpt-4o', tool: 'search' })).toMatchObject({ llm_calls: 1, tool_calls: 1, steps: 2 })
  expect(narrowToSegment(run, { release: 'v2' })).toBe(run)
})
