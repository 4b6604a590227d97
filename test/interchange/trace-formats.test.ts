import { expect, test } from 'vitest'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { exportOtlp } from '../../src/interchange/export-otlp.ts'
import type { ImportResult } from '../../src/interchange/foreign-format.ts'
import { plainFormat } from '../../src/interchange/import-plain.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, chat, http, recordingOf, tells, user, wrapped } from '../trace/build-recording.ts'
import { buildOtlp } from './build-otlp.ts'
import { importRuns, toRecording, traceOf } from './import-trace.ts'

const LANGSMITH = [
  {
    id: 'r2',
    trace_id: 't1',
    parent_run_id: 'r1',
    dotted_order: '1.2',
    run_type: 'llm',
    name: 'ChatOpenAI',
    start_time: '2026-01-01T00:00:00.000',
    end_time: '2026-01-01T00:00:01.500',
    extra: { invocation_params: { model: 'gpt-4o', tools: [{ type: 'function', function: { name: 'search' } }] } },
    inputs: {
      messages: [
        [{ lc: 1, type: 'constructor', id: ['langchain', 'schema', 'HumanMessage'], kwargs: { content: 'Find it' } }],
      ],
    },
    outputs: {
      generations: [
        [
          {
            generation_info: { finish_reason: 'tool_calls' },
            message: {
              lc: 1,
              type: 'constructor',
              id: ['langchain', 'schema', 'AIMessage'],
              kwargs: {
                content: '',
                tool_calls: [{ name: 'search', args: { q: 'it' }, id: 'call_1', type: 'tool_call' }],
                usage_metadata: { input_tokens: 7, output_tokens: 3 },
              },
            },
          },
        ],
      ],
    },
  },
  {
    id: 'r3',
    trace_id: 't1',
    parent_run_id: 'r1',
    dotted_order: '1.3',
    run_type: 'tool',
    name: 'search',
    start_time: '2026-01-01T00:00:01.600',
    end_time: '2026-01-01T00:00:02.000',
    inputs: { input: "{'q': 'it'}" },
    error: "TimeoutError('search timed out')",
  },
  {
    id: 'r1',
    trace_id: 't1',
    parent_run_id: null,
    dotted_order: '1',
    run_type: 'chain',
    name: 'finder',
    start_time: '2026-01-01T00:00:00.000',
    end_time: '2026-01-01T00:00:02.100',
    inputs: { question: 'Find it' },
    error: "TimeoutError('search timed out')",
  },
]

test('reads messages, tools, errors and order given LangSmith runs as a list, as lines and as a tree', () => {
  const listed = traceOf('langsmith', LANGSMITH)
  expect(listed).toMatchObject({
    stop_reason: 'error',
    input: { question: 'Find it' },
    context: { workflow: 'finder' },
    latency_ms: 2100,
  })
  expect(listed.spans).toMatchObject([
    {
      name: 'gpt-4o',
      latency_ms: 1500,
      attributes: {
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.response.finish_reasons': ['tool_calls'],
        'retrial.request.tools': ['search'],
        'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: 'Find it' }] }],
        'gen_ai.output.messages': [
          { role: 'assistant', parts: [{ type: 'tool_call', id: 'call_1', name: 'search', arguments: { q: 'it' } }] },
        ],
      },
    },
    { name: 'search', error_class: 'timeout', attributes: { 'gen_ai.tool.call.arguments': '{"q":"it"}' } },
  ])
  expect(traceOf('langsmith', LANGSMITH.map((run) => JSON.stringify(run)).join('\n')).spans).toMatchObject([{}, {}])
  const [model, tool, root] = LANGSMITH
  const tree = traceOf('langsmith', { ...root, child_runs: [model, tool] })
  expect(tree.spans.map(({ name }) => name)).toEqual(['gpt-4o', 'search'])
})

test('reads functions, handoffs and guardrails given a trace of the OpenAI Agents SDK', () => {
  const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, s)).toISOString()
  const span = (id: string, from: number, span_data: object, more = {}) => {
    return {
      object: 'trace.span',
      id,
      trace_id: 'trace_1',
      parent_id: 'a1',
      started_at: at(from),
      ended_at: at(from + 1),
      span_data,
      ...more,
    }
  }
  const items = [
    { object: 'trace', id: 'trace_1', workflow_name: 'triage' },
    span('a1', 0, { type: 'agent', name: 'Helper' }, { parent_id: null }),
    span('g1', 0, {
      type: 'generation',
      model: 'gpt-4.1',
      input: [{ role: 'user', content: 'hi' }],
      output: [{ role: 'assistant', content: 'hello' }],
      usage: { input_tokens: 3, output_tokens: 2 },
    }),
    span(
      'f1',
      1,
      { type: 'function', name: 'look_up', input: '{"id":1}', output: 'none' },
      { error: { message: 'Tool failed', data: null } },
    ),
    span('h1', 2, { type: 'handoff', from_agent: 'Helper', to_agent: 'Boss' }),
    span('r1', 3, { type: 'response', response_id: 'resp_1' }),
  ]
  const trace = traceOf('openai-agents', { data: items })
  expect(trace.context.workflow).toBe('triage')
  expect(trace.spans).toMatchObject([
    {
      step_type: 'llm_generate',
      name: 'gpt-4.1',
      attributes: { 'gen_ai.agent.name': 'Helper', 'gen_ai.usage.input_tokens': 3 },
    },
    {
      step_type: 'tool_call',
      name: 'look_up',
      status: 'error',
      attributes: { 'gen_ai.tool.call.arguments': '{"id":1}' },
    },
    { step_type: 'reasoning', name: 'handoff Helper → Boss' },
    { step_type: 'llm_generate', attributes: { 'gen_ai.response.id': 'resp_1' } },
  ])
})

test('keeps plain spans and events as they are given one file, and given spans and logs in two', () => {
  const spans = [
    {
      run_id: 'run_1',
      span_id: 's1',
      step_type: 'tool_call',
      name: 'search',
      started_at_ms: 1000,
      latency_ms: 50,
      status: 'error',
      error_class: 'flaky_index',
    },
  ]
  const events = [
    { event: 'tool_call', run_id: 'run_1', tool: 'search', args_hash: 'a', at_ms: 1000 },
    { event: 'tool_call', run_id: 'run_1', tool: 'search', args_hash: 'a', at_ms: 1100 },
    { event: 'run_finished', run_id: 'run_1', stop_reason: 'max_steps', at_ms: 1200 },
  ]
  const both = traceOf('plain', [...spans, ...events])
  expect(both).toMatchObject({
    stop_reason: 'max_steps',
    latency_ms: 200,
    context: { run_id: 'run_1', started_at: 1000 },
  })
  expect(both.spans).toMatchObject([{ span_id: 's1', status: 'error', error_class: 'flaky_index' }])
  expect(both.events).toEqual(events)
  expect(computeSignals(both)).toMatchObject({ repeated_tool_calls: { search: 1 }, error_class: 'flaky_index' })
  const files = [spans, events].map((list, i) => ({ path: `${i}.json`, text: JSON.stringify(list) }))
  expect(projectRun(toRecording(plainFormat.importFiles?.(files, {}) as ImportResult))).toEqual(both)
  expect(detectFormat(JSON.stringify(spans))).toBe('plain')
  expect(detectFormat(events.map((event) => JSON.stringify(event)).join('\n'))).toBe('plain')
})

const native = recordingOf(
  [
    chat('c1', [user], { calls: [['call_1', 'search', '{"q":"refund"}']] }, { at: 0, took: 210.5 }),
    http('c2', 'https://x.test/search?q=refund', { at: 300, took: 41.25, status: 503 }),
    wrapped('tool', 'c3', 'add', [{ a: 1 }], { at: 400, took: 3.125, value: 'two' }),
    chat(
      'c4',
      [user, asks(['call_1', 'search', '{"q":"refund"}']), tells('call_1', 'Error: no')],
      { text: 'Sorry' },
      { at: 500, took: 90 },
    ),
  ],
  {},
)

test('gives equal spans, events and context when a run is exported as OTLP and read back', () => {
  const trace = projectRun(native)
  expect(trace.spans.length).toBeGreaterThan(3)
  expect(trace.spans.some(({ status }) => status === 'error')).toBe(true)
  const back = traceOf('otlp', exportOtlp(trace))
  expect(back).toEqual(trace)
  expect(computeSignals(back)).toEqual(computeSignals(trace))
})

test('gives an equal run once more when an imported run is exported and read back', () => {
  const trace = traceOf('langsmith', LANGSMITH)
  const exported = exportOtlp(trace)
  expect(traceOf('otlp', exported)).toEqual(trace)
  expect(exportOtlp(trace)).toEqual(exported)
})

test('exports spans that other tools read: hex ids, nanoseconds, names, kinds and status', () => {
  const { resourceSpans } = exportOtlp(projectRun(native)) as unknown as {
    resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[]
  }
  const spans = resourceSpans[0]?.scopeSpans[0]?.spans ?? []
  const root = spans[0]?.spanId
  for (const { traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano } of spans) {
    expect([traceId, spanId]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ])
    expect(BigInt(endTimeUnixNano as string)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano as string))
    if (spanId !== root) expect(spans.map((span) => span.spanId)).toContain(parentSpanId)
  }
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
  expect(spans.map(({ name, kind }) => `${name} ${kind}`)).toEqual(
    expect.arrayContaining(['execute_tool search 1', 'execute_tool add 1', expect.stringMatching(/^chat .+ 3$/)]),
  )
})

test('names the runs to pick from given a file of several, and takes the one that is asked for', () => {
  const text = JSON.stringify([
    { run_type: 'llm', id: 'a', trace_id: 'ta', outputs: {} },
    { run_type: 'llm', id: 'b', trace_id: 'tb' },
  ])
  expect(importRuns('langsmith', text, 'f').map(({ run }) => run.run_id)).toHaveLength(2)
  for (const pick of ['tb', '2']) expect(traceOf('langsmith', text, { pick }).spans).toMatchObject([{ span_id: 'b' }])
  expect(() => traceOf('langsmith', text, { pick: '3' })).toThrow(
    expect.objectContaining({ code: 'ERR_INTERCHANGE_PICK' }),
  )
})

test('takes one message of several tools apart and joins parallel calls given the items of the Responses protocol', () => {
  const items = [
    { role: 'user', content: 'both' },
    { type: 'function_call', call_id: 'c1', id: 'fc_1', name: 'f', arguments: '{}' },
    { type: 'function_call', call_id: 'c2', id: 'fc_2', name: 'g', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: '1' },
    { type: 'function_call_output', call_id: 'c2', output: '2' },
    { role: 'assistant', content: 'done' },
  ]
  const { spans } = traceOf('chat', items)
  expect(
    spans.map(({ step_type, name, attributes }) => [step_type, name, attributes['gen_ai.tool.call.result'] ?? '']),
  ).toEqual([
    ['llm_generate', 'assistant', ''],
    ['tool_call', 'f', '1'],
    ['tool_call', 'g', '2'],
    ['llm_generate', 'assistant', ''],
  ])
})

test('has the same id and the same recording given the same file twice', () => {
  const text = JSON.stringify(buildOtlp([{ id: 'm', attributes: { 'gen_ai.operation.name': 'chat' } }]))
  const [one, two] = [importRuns('otlp', text, 'a.json'), importRuns('otlp', text, 'b.json')]
  expect(one.map(toRecording)).toEqual(two.map(toRecording))
})

test('exports named spans around the steps, and reads the steps back as they were, given a run with names', () => {
  const spans = [{ name: 'invoke_workflow refunds' }, { name: 'invoke_agent triage', nth: 2 }]
  const named = { ...native, interactions: native.interactions.map((one) => ({ ...one, spans })) }
  const [trace, plain] = [projectRun(named), projectRun(native)]
  const exported = exportOtlp(trace)
  expect(traceOf('otlp', exported)).toEqual(trace)
  const names = JSON.stringify(exported).match(/"name":"invoke_\w+ [^"]*"/g)
  expect(names?.slice(1)).toEqual(['"name":"invoke_workflow refunds"', '"name":"invoke_agent triage"'])
  // But for the names themselves, nothing that is computed of a run knows of them.
  const { 'retrial.spans': path, 'gen_ai.agent.name': agent } = trace.spans[0]?.attributes ?? {}
  expect([path, agent]).toEqual([['invoke_workflow refunds', 'invoke_agent triage #2'], 'triage'])
  const bare = trace.spans.map(({ attributes, ...span }) => {
    const { 'retrial.spans': _, 'gen_ai.agent.name': __, ...rest } = attributes
    return { ...span, attributes: rest }
  })
  expect(bare).toEqual(plain.spans)
  expect(trace.events).toEqual(plain.events)
})
