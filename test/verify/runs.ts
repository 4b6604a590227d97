import type { EvidenceGrade } from '../../src/model/evidence.ts'
import type { Incident } from '../../src/model/incident.ts'
import type { Signals } from '../../src/model/signal.ts'
import type { RunTrace, Span } from '../../src/model/trace.ts'
import type { Divergence, EvidenceReport } from '../../src/model/verdict.ts'
import type { Tolerance } from '../../src/verify/find-regressions.ts'
import type { TrialRun } from '../../src/verify/trial-run.ts'

/** The incident that the tests of this room judge: a tool times out, is called again and again, and the run gives up. */
export const INCIDENT: Incident = {
  trigger: { span: 'tool_call:lookup', error_class: 'timeout', at_least: 2 },
  cause: { signal: 'repeated_tool_calls', tool: 'lookup', at_least: 2 },
  symptom: { signal: 'stop_reason', is: 'gave_up' },
}

export const TOLERANCE: Tolerance = { latency_ratio: 1.5, latency_ms: 1000, tokens_ratio: 1.5, steps: 2 }

export interface Roles {
  trigger: boolean
  cause: boolean
  symptom: boolean
}

export function makeSpan(overrides: Partial<Span> = {}): Span {
  return {
    span_id: 's1',
    parent_id: null,
    run_id: 'run_1',
    step_type: 'tool_call',
    name: 'lookup',
    started_at_ms: 0,
    latency_ms: 10,
    status: 'ok',
    error_class: null,
    attributes: {},
    interactions: ['c1'],
    ...overrides,
  }
}

export function makeTimeout(overrides: Partial<Span> = {}): Span {
  return makeSpan({ status: 'error', error_class: 'timeout', ...overrides })
}

export function makeTrace(overrides: Partial<RunTrace> = {}): RunTrace {
  return {
    context: { run_id: 'run_1', trace_id: 't1', started_at: 0 },
    input: null,
    spans: [],
    events: [],
    stop_reason: 'completed',
    output: 'the answer',
    latency_ms: 100,
    finished: true,
    ...overrides,
  }
}

export function makeSignals(overrides: Partial<Signals> = {}): Signals {
  return {
    first_error_span: null,
    slowest_span: null,
    stop_reason: 'completed',
    error_class: null,
    error_classes: {},
    repeated_tool_calls: {},
    repeated_same_result: {},
    steps: 4,
    llm_calls: 2,
    tool_calls: 2,
    tool_sequence: ['lookup', 'lookup'],
    input_tokens: 100,
    output_tokens: 20,
    retries: {},
    loop_length: 0,
    truncated_answers: 0,
    malformed_tool_arguments: 0,
    unknown_tools: 0,
    context_growth: 1,
    error_cascade: { first: null, followed: 0 },
    run_latency_ms: 100,
    ...overrides,
  }
}

export function makeEvidence(grade: EvidenceGrade | null, count = 3): EvidenceReport {
  if (grade === null) return { coverage: 0, grades: {}, worst: null, unused: [] }
  const worthless = grade === 'stale' || grade === 'beyond' || grade === 'none'
  const grades = grade === 'exact' ? { exact: count } : { exact: count - 1, [grade]: 1 }
  return { coverage: worthless ? (count - 1) / count : 1, grades, worst: grade, unused: [] }
}

/** A run that finished on exact evidence and shows the roles given. */
export function makeRun(roles: Roles, overrides: Partial<TrialRun> = {}): TrialRun {
  return {
    trace: makeTrace({ spans: roles.trigger ? [makeTimeout(), makeTimeout({ span_id: 's2' })] : [makeSpan()] }),
    signals: makeSignals({
      stop_reason: roles.symptom ? 'gave_up' : 'completed',
      repeated_tool_calls: roles.cause ? { lookup: 3 } : {},
    }),
    evidence: makeEvidence('exact'),
    divergences: [],
    egress: [],
    outcome: 'finished',
    agent_error: null,
    integrity: 'sealed',
    lossy: [],
    assumptions: [],
    ...overrides,
  }
}

export const RED: Roles = { trigger: true, cause: true, symptom: true }
export const GREEN: Roles = { trigger: true, cause: false, symptom: false }

export function makeDivergence(overrides: Partial<Divergence> = {}): Divergence {
  return {
    step: 2,
    interaction: 'c2',
    request: 'POST https://model.example/chat',
    summary: 'llm_generate small-model',
    grade: 'none',
    nearest: null,
    difference: null,
    kind: 'new_request',
    remedies: [],
    ...overrides,
  }
}

export const EGRESS = { layer: 'tcp', target: '10.0.0.1:443', at: null }
export const THROWN = { name: 'TypeError', message: 'x is not a function' }
