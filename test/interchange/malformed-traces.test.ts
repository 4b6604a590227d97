import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRetrialError } from '../../src/core/errors.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { buildOtlp } from './build-otlp.ts'
import { importRuns, toRecording } from './import-trace.ts'
import { CONVENTIONS } from './write-conventions.ts'

const { first, second } = CONVENTIONS['GenAI, messages on the span'] as (typeof CONVENTIONS)[string]
const otlp = buildOtlp([...first, ...second]) as { resourceSpans: JsonValue[] }
const turns = [
  { role: 'user', content: 'hi' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', name: 'f', content: 'ok' },
  { role: 'assistant', content: 'done' },
]
const when = '2026-01-01T00:00:00.000Z'

/** A small file of each format. */
const SEEDS: Record<string, JsonValue> = {
  otlp: otlp as JsonValue,
  tempo: { batches: otlp.resourceSpans },
  jaeger: {
    data: [
      {
        traceID: 't',
        spans: [
          {
            traceID: 't',
            spanID: 's',
            operationName: 'chat',
            references: [{ refType: 'CHILD_OF', traceID: 't', spanID: 'r' }],
            startTime: 1_700_000_000_000_000,
            duration: 1000,
            tags: [{ key: 'gen_ai.operation.name', type: 'string', value: 'chat' }],
            logs: [{ timestamp: 1, fields: [{ key: 'event', type: 'string', value: 'exception' }] }],
            processID: 'p1',
          },
        ],
        processes: { p1: { serviceName: 'x', tags: [] } },
      },
    ],
  },
  langfuse: {
    trace: { id: 't', name: 'x', input: '{"q":1}', scores: [{ name: 'good', value: 1 }] },
    observations: [
      {
        id: 'o',
        traceId: 't',
        type: 'GENERATION',
        startTime: when,
        endTime: when,
        model: 'm',
        usageDetails: { input: 1, output: 2 },
        input: turns,
        output: { role: 'assistant', content: 'done' },
        metadata: '{"attributes":{}}',
      },
    ],
  },
  langsmith: [
    {
      id: 'a',
      trace_id: 't',
      run_type: 'llm',
      start_time: when,
      inputs: { messages: [turns] },
      outputs: { generations: [[{ text: 'x' }]] },
    },
  ],
  'openai-agents': {
    data: [
      {
        object: 'trace.span',
        id: 's',
        trace_id: 't',
        started_at: when,
        ended_at: when,
        span_data: { type: 'generation', model: 'm', input: turns },
      },
    ],
  },
  spans: [
    {
      trace_id: 't',
      span_id: 's',
      start_time: 1,
      end_time: 2,
      attributes: { 'gen_ai.operation.name': 'chat' },
      span_events: [{ name: 'x', attributes: {} }],
    },
  ],
  tau: [{ task_id: 0, trial: 0, reward: 1, info: {}, traj: turns }],
  tau2: {
    info: { agent_info: { llm: 'm' }, environment_info: { domain_name: 'd', policy: 'p' } },
    simulations: [
      {
        id: 's',
        start_time: '2026-01-01T00:00:00',
        termination_reason: 'user_stop',
        messages: turns,
        reward_info: { reward: 0 },
      },
    ],
  },
  'swe-agent': {
    environment: 'e',
    trajectory: [{ action: 'ls', observation: 'a', response: 'look', execution_time: 0.5 }],
    history: turns,
    info: { exit_status: 'submitted (exit_cost)', model_stats: { api_calls: 1 } },
  },
  inspect: {
    version: 2,
    status: 'success',
    eval: { task: 't', model: 'm' },
    samples: [
      {
        id: 1,
        epoch: 1,
        input: 'q',
        messages: turns,
        events: [{ event: 'model', timestamp: when, model: 'm', input: turns, output: { choices: [] } }],
      },
    ],
  },
  plain: [
    { run_id: 'r', span_id: 's', step_type: 'tool_call', name: 'f', started_at_ms: 1, latency_ms: 2, status: 'ok' },
  ],
  chat: turns as JsonValue,
}

const NAMES = Object.keys(SEEDS)

test('imports each of the small files that the others are made of', () => {
  for (const name of NAMES) {
    const text = JSON.stringify(SEEDS[name])
    expect([name, FOREIGN_FORMATS.find(({ detect }) => detect(text))?.name]).toEqual([name, name])
    expect(importRuns(name, text, 'x.json')).toHaveLength(1)
  }
})

/** What an import makes of a text: runs that can be read, or a refusal; anything else is thrown. */
function outcome(name: string, text: string): string {
  try {
    for (const result of importRuns(name, text, 'x.json')) JSON.stringify(projectRun(toRecording(result)))
    return 'read'
  } catch (error) {
    if (!isRetrialError(error)) throw error
    expect(error.location?.path).toBe('x.json')
    return error.code
  }
}

test('says line and column given a file of any format that was cut off', () => {
  for (const name of NAMES) {
    const text = JSON.stringify(SEEDS[name], null, 1)
    const lines = text.split('\n').slice(0, -2)
    try {
      importRuns(name, lines.join('\n'), 'x.json')
      expect.unreachable()
    } catch (error) {
      const last = lines.at(-1) as string
      expect(error).toMatchObject({
        code: 'ERR_INTERCHANGE_JSON',
        location: { path: 'x.json', line: lines.length, column: last.length + 1 },
      })
    }
  }
})

test('says which line is broken given JSON Lines', () => {
  const text = `${JSON.stringify(otlp)}\n\n${JSON.stringify(otlp).slice(0, 100)}`
  expect(() => importRuns('otlp', text, 'x.json')).toThrow(
    expect.objectContaining({ code: 'ERR_INTERCHANGE_JSON', location: { path: 'x.json', line: 3, column: 101 } }),
  )
})

test('refuses a file that is nested without end, and keeps such a text within it as a text', () => {
  const deep = '['.repeat(100_000)
  for (const name of NAMES) {
    expect(outcome(name, `{"data":\n${deep}`)).toBe('ERR_INTERCHANGE_NESTING')
    expect(outcome(name, `{"a":"\\"{[","data":\n${deep}`)).toBe('ERR_INTERCHANGE_NESTING')
  }
  const calls = JSON.stringify(turns).replace('{\\"a\\":1}', deep)
  expect(outcome('chat', calls)).toBe('read')
})

test('refuses what is JSON but not of the format given every format', () => {
  for (const name of NAMES) {
    for (const value of [{}, [], 1, 'x', null, [[]], { data: [] }, [{ role: 1 }]]) {
      expect(outcome(name, JSON.stringify(value))).toMatch(/^ERR_INTERCHANGE_(?:TRACE|NO_STEPS)$/)
    }
  }
})

test('refuses a state of a version that is not known given run states', () => {
  for (const version of ['99.0', '1.21', '2.0', 117, null]) {
    const state = { $schemaVersion: version, modelResponses: [] }
    expect(outcome('openai-agents', JSON.stringify(state))).toBe('ERR_INTERCHANGE_VERSION')
  }
})

/** Every place in a value, as a path. */
function placesOf(value: JsonValue, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]))]
}

function replaceAt(value: JsonValue, [key, ...rest]: (string | number)[], by: JsonValue): JsonValue {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as JsonObject) }) as JsonObject
  copy[key] = replaceAt(copy[key] as JsonValue, rest, by)
  return copy
}

test('reads or refuses, and never crashes, given a value of a wrong type in any place', () => {
  const junk = fc.oneof(
    fc.constantFrom<JsonValue>(
      null,
      0,
      -1,
      1e21,
      '',
      'x',
      '[',
      '{"a":',
      '[1]',
      [],
      {},
      [null],
      [[]],
      true,
      { role: 1 },
      '9'.repeat(40),
    ),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
  )
  const changed = fc
    .constantFrom(...NAMES)
    .chain((name) =>
      fc
        .tuple(fc.constantFrom(...placesOf(SEEDS[name] as JsonValue)), junk)
        .map(([path, value]) => [name, JSON.stringify(replaceAt(SEEDS[name] as JsonValue, path, value))] as const),
    )
  fc.assert(
    fc.property(changed, ([name, text]) => {
      outcome(name, text)
    }),
    { numRuns: 1500, verbose: 1 },
  )
})
