import { expect, test } from 'vitest'
import { OTEL } from '../../src/model/gen-ai.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, STARTED_AT, tells, user } from './build-recording.ts'
import { spanOf } from './read-trace.ts'

test('ends open spans at the last sign of life given a process that was killed', () => {
  const call: Call = ['call_1', 'search', '{}']
  const trace = projectRun(
    recordingOf(
      [
        chat('c1', [user], { calls: [call] }, { at: 0 }),
        http('c2', 'https://docs.test/search', { at: 150, status: 0, end: null }),
        http('c3', 'https://docs.test/more', { at: 160, took: 740 }),
      ],
      null,
    ),
  )
  expect(spanOf(trace, 'c2')).toMatchObject({ error_class: 'unfinished', latency_ms: 750 })
  expect(spanOf(trace, 'c1.1')).toMatchObject({ started_at_ms: STARTED_AT + 150, latency_ms: 750 })
  expect(trace).toMatchObject({ finished: false, stop_reason: 'unknown', latency_ms: 900, output: null })
  expect(trace.events.map(({ event }) => event)).toEqual(['run_started', 'agent_step', 'llm_result', 'tool_call'])
})

test('stands events in causal order given that all happened at the same time', () => {
  const a: Call = ['call_a', 'one', '{}']
  const b: Call = ['call_b', 'two', '{}']
  const trace = projectRun(
    recordingOf(
      [
        chat('c1', [user], { calls: [a, b] }, { at: 0, took: 0 }),
        chat('c2', [user, asks(a, b), tells('call_a', 'A'), tells('call_b', 'B')], { text: 'ok' }, { at: 0, took: 0 }),
      ],
      { at_ms: 0 },
    ),
  )
  expect(trace.events.map(({ event, tool }) => (tool ? `${event} ${tool}` : event))).toEqual([
    'run_started',
    'agent_step',
    'llm_result',
    'tool_call one',
    'tool_call two',
    'tool_result one',
    'tool_result two',
    'agent_step',
    'llm_result',
    'run_finished',
  ])
  expect(trace.spans.map(({ span_id }) => span_id)).toEqual(['c1', 'c1.1', 'c1.2', 'c2'])
})

test('collapses the attempts of a plain request that belongs to no tool', () => {
  const trace = projectRun(
    recordingOf([
      http('c1', 'https://api.test/config?v=1', { at: 0, status: 500 }),
      http('c2', 'https://api.test/config?v=1', { at: 50 }),
      http('c3', 'https://api.test/config?v=1', { at: 90 }),
    ]),
  )
  expect(trace.spans.map(({ name, interactions }) => [name, interactions])).toEqual([
    ['GET api.test/config', ['c1', 'c2']],
    ['GET api.test/config', ['c3']],
  ])
  expect(spanOf(trace, 'c1').attributes).toMatchObject({ [OTEL.retries]: 1, [OTEL.attemptErrors]: ['server_error'] })
})

test('does not call an answer an error given that the agent never read it and went on', () => {
  const trace = projectRun(recordingOf([http('c1', 'https://api.test/ping', { at: 0, end: null })]))
  expect(spanOf(trace, 'c1')).toMatchObject({ status: 'ok', latency_ms: 10 })
})

test('takes spans and events as they are given an import without bodies', () => {
  const span = { span_id: 's1', name: 'x', started_at_ms: STARTED_AT + 5, latency_ms: 40 }
  const event = { event: 'tool_call', run_id: 'run_1', at_ms: STARTED_AT + 7, tool: 'x' }
  const recording = recordingOf([], { stop_reason: 'max_steps', at_ms: 60 })
  recording.notes = [{ at_ms: 0, code: 'trace_only', message: 'imported', data: { spans: [span], events: [event] } }]
  expect(projectRun(recording)).toMatchObject({
    spans: [span],
    events: [event],
    stop_reason: 'max_steps',
    latency_ms: 60,
  })
  expect(projectRun({ ...recording, finish: null })).toMatchObject({ latency_ms: 45, finished: false })
})

test('gives an empty trace given a run that did nothing', () => {
  const trace = projectRun(recordingOf([], null))
  expect(trace).toMatchObject({ spans: [], latency_ms: 0, stop_reason: 'unknown' })
  expect(trace.events).toEqual([{ event: 'run_started', run_id: 'run_1', at_ms: STARTED_AT }])
})
