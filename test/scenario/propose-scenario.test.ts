import { resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseScenario } from '../../src/scenario/load-scenario.ts'
import { findRoles } from '../../src/scenario/propose/find-roles.ts'
import { proposeScenario } from '../../src/scenario/propose/propose-scenario.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { findIncident } from '../../src/verify/find-incident.ts'
import { buildRecording, buildRun, type Step } from './build-run.ts'
import { placesOf } from './scenario-text.ts'

const OUT = 'scenarios/run_1.yaml'

function propose(steps: Step[], stopReason: string, agentRef: string | undefined = '../agent.ts#run'): string {
  const trace = buildRun(steps, stopReason)
  return proposeScenario({
    recording: buildRecording(agentRef),
    recordingPath: 'recordings/run_1.jsonl',
    trace,
    signals: computeSignals(trace),
    outPath: OUT,
  })
}

const timeout: Step = { type: 'tool_call', name: 'search_docs', error: 'timeout' }
const ask: Step = { type: 'llm_generate', name: 'gpt-4o' }
const empty: Step = { type: 'tool_call', name: 'search', result: { hits: [] } }

test('proposes the whole incident given a tool that is retried until the run gives up', () => {
  const scenario = parseScenario(propose([ask, timeout, ask, timeout, ask, timeout], 'tool_error'), OUT)
  expect(scenario).toMatchObject({
    id: 'run_1',
    recording: resolve('recordings/run_1.jsonl'),
    agent: { module: resolve('agent.ts'), export: 'run' },
    incident: {
      trigger: { span: 'tool_call:search_docs', error_class: 'timeout', at_least: 1 },
      cause: { signal: 'repeated_tool_calls', tool: 'search_docs', at_least: 2 },
      symptom: { signal: 'stop_reason', is: 'tool_error' },
    },
    replay: { on_divergence: 'fail' },
    candidates: [{ id: 'fix', expect: 'fixed' }],
  })
})

test('proposes the repeated result as the trigger given a loop without an error', () => {
  const { incident } = parseScenario(propose([ask, empty, ask, empty, ask, empty], 'max_steps'), OUT)
  expect(incident).toEqual({
    trigger: { span: 'tool_call:search', result: { matches: '^\\{"hits":\\[\\]\\}$' }, at_least: 1 },
    cause: { signal: 'repeated_same_result', tool: 'search', at_least: 2 },
    symptom: { signal: 'stop_reason', is: 'max_steps' },
  })
})

test('proposes a short beginning of the result given a long one', () => {
  const long = { ...empty, result: `no hits (${'x'.repeat(10_000)}` }
  const { incident } = parseScenario(propose([long, long], 'max_steps'), OUT)
  expect(incident.trigger.result?.matches).toMatch(/^\^no hits \\\(x+$/)
  expect(incident.trigger.result?.matches.length).toBeLessThanOrEqual(120)
})

test('asks for every failure of the world given a cause that does not repeat them', () => {
  const steps: Step[] = [
    { type: 'tool_call', name: 'fetch_order', error: 'server_error', args: 'a' },
    { type: 'tool_call', name: 'fetch_order', error: 'server_error', args: 'b' },
    empty,
    empty,
  ]
  const { incident } = parseScenario(propose(steps, 'error'), OUT)
  expect(incident.trigger).toEqual({ span: 'tool_call:fetch_order', error_class: 'server_error', at_least: 2 })
  expect(incident.cause).toEqual({ signal: 'repeated_same_result', tool: 'search', at_least: 1 })
})

test('proposes retries as the cause given a client that retries', () => {
  const overload: Step = { ...ask, error: 'rate_limit', retries: 4 }
  const { incident } = parseScenario(propose([overload], 'error'), OUT)
  expect(incident.cause).toEqual({ signal: 'retries', of: 'gpt-4o', at_least: 2 })
  expect(incident.trigger).toEqual({ span: 'llm_generate:gpt-4o', error_class: 'rate_limit', at_least: 1 })
})

test('proposes the number of steps as the symptom given repeats in a run that ends normally', () => {
  const { incident } = parseScenario(propose([timeout, timeout, timeout, ask], 'completed'), OUT)
  expect(incident.symptom).toEqual({ signal: 'steps', at_least: 4 })
})

test('leaves the cause to a person given an error and no misbehaviour', () => {
  const text = propose([{ ...ask, error: 'rate_limit' }], 'error')
  expect(placesOf(text)).toEqual([expect.stringContaining('ERR_SCENARIO_MISSING')])
  expect(text).toContain('# DECIDE')
  expect(text).toContain('#   cause: {')
})

test('leaves the whole incident to a person given a run without anything abnormal', () => {
  const text = propose([ask, empty, ask], 'completed')
  expect(placesOf(text)).toEqual([expect.stringContaining('ERR_SCENARIO_MISSING')])
  expect(text).toContain('# incident:')
})

test('leaves the agent to a person given a recording that names none', () => {
  const trace = buildRun([timeout, timeout], 'error')
  const text = proposeScenario({
    recording: buildRecording(),
    recordingPath: 'recordings/run_1.jsonl',
    trace,
    signals: computeSignals(trace),
    outPath: OUT,
  })
  expect(text).toContain('# agent: ./path/to/agent.ts#run')
  expect(placesOf(text)).toEqual([
    expect.stringContaining('ERR_SCENARIO_NO_BASELINE'),
    expect.stringContaining('ERR_SCENARIO_NO_AGENT'),
  ])
})

test('writes paths relative to the scenario given an agent and files in other folders', () => {
  const trace = buildRun([timeout, timeout], 'error')
  const text = proposeScenario({
    recording: buildRecording('old.ts#gone'),
    recordingPath: 'deep/recordings/a.jsonl',
    trace,
    signals: computeSignals(trace),
    agentRef: 'src/agent.ts#run',
    outPath: 'deep/scenarios/Incident of May.yaml',
  })
  expect(parse(text)).toMatchObject({
    id: 'incident-of-may',
    recording: '../recordings/a.jsonl',
    agent: '../../src/agent.ts#run',
  })
})

const wild = fc.oneof(
  fc.constantFrom('search', 'a: b', '# x', '*a', '&a', '!!str', '- ', "it's", '"', '{', 'yes', '1', 'null', '~', ' x '),
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes)),
)

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom('tool_call', 'tool_call', 'llm_generate', 'http_request'),
  name: fc.oneof(fc.constant('search'), wild),
  error: fc.oneof(
    fc.constant(undefined),
    fc.constantFrom('timeout', 'rate_limit'),
    wild.filter((text) => text !== ''),
  ),
  args: fc.constantFrom('a', 'b'),
  result: fc.oneof(wild, fc.constantFrom<Step['result']>(null, [], {}, { a: [1, 'x'] }, 0)),
  retries: fc.constantFrom(undefined, 1, 5),
})

test('loads again, and is red on the run it was read off, given any run that shows all roles', () => {
  let whole = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.oneof(fc.constant('completed'), wild), (steps, stopReason) => {
      const trace = buildRun(steps, stopReason)
      const signals = computeSignals(trace)
      const roles = Object.values(findRoles(trace, signals))
      const text = propose(steps, stopReason)
      if (roles.includes(null)) {
        expect(placesOf(text)).toContainEqual(expect.stringContaining('ERR_SCENARIO_MISSING'))
        return
      }
      whole++
      const { incident } = parseScenario(text, OUT)
      const { trigger, cause, symptom } = findIncident(trace, signals, incident)
      expect([trigger.present, cause.present, symptom.present]).toEqual([true, true, true])
    }),
    { numRuns: 400 },
  )
  expect(whole).toBeGreaterThan(20)
})
