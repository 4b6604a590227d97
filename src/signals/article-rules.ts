import {
  type ArticleFacts,
  DEFAULT_SLO_LATENCY_MS,
  isUp,
  listCounts,
  metricEvidence,
  metricOf,
  type Rule,
} from './rules.ts'
import { pointTo, spanName } from './span-like.ts'

const toolLayerFailure: Rule<ArticleFacts> = {
  code: 'tool_layer_failure',
  reads: ['first_error_span'],
  when: (facts) => facts.first_error_span?.step_type === 'tool_call',
  statement: (facts) =>
    `The first error is in a call of the tool ${spanName(facts.first_error_span ?? {})}. ` +
    'That points to the tool layer; whether it is the cause depends on what the agent did with the error.',
  evidence: (facts) => ({ first_error_span: pointTo(facts.first_error_span) }),
  checks: [
    "Look at the tool's availability at the time of the run.",
    "Compare the call's latency with the tool's time-out and retry policy.",
  ],
}

const repeatedCalls: Rule<ArticleFacts> = {
  code: 'repeated_tool_calls',
  reads: ['repeated_tool_calls'],
  when: (facts) => Object.keys(facts.repeated_tool_calls).length > 0,
  statement: (facts) =>
    `Tools were called again with arguments already used: ${listCounts(facts.repeated_tool_calls)}. ` +
    'The agent may lack a stop condition; where the result changed from call to call it may only be polling.',
  evidence: (facts) => ({ repeated_tool_calls: facts.repeated_tool_calls }),
  checks: [
    'Look for a missing stop condition or budget around the repeated call.',
    'See whether equal calls are deduplicated or answered from a cache.',
  ],
}

const latencyAboveSlo: Rule<ArticleFacts> = {
  code: 'latency_above_slo',
  reads: ['slowest_span', 'run_latency_p95_ms', 'slo_latency_ms'],
  when: (facts) =>
    facts.slowest_span !== null &&
    (metricOf(facts, 'run_latency_p95_ms') ?? 0) > (metricOf(facts, 'slo_latency_ms') ?? DEFAULT_SLO_LATENCY_MS),
  statement: (facts) =>
    `Runs are slower than the objective at the 95th percentile; in this run the slowest step is ${spanName(facts.slowest_span ?? {})}.`,
  evidence: (facts) => ({
    slowest_span: pointTo(facts.slowest_span),
    ...metricEvidence(facts, 'run_latency_p95_ms'),
    slo_latency_ms: metricOf(facts, 'slo_latency_ms') ?? DEFAULT_SLO_LATENCY_MS,
  }),
  checks: ['Look at the slowest span first, and at whether other runs are slow in the same step.'],
}

const releaseRegression: Rule<ArticleFacts> = {
  code: 'release_regression',
  reads: ['release_error_rate_delta'],
  when: (facts) => isUp(facts, 'release_error_rate_delta'),
  statement: () => 'The error rate went up with the release that this run belongs to.',
  evidence: (facts) => metricEvidence(facts, 'release_error_rate_delta'),
  checks: [
    'Compare prompts, runtime and tool routing between this release and the one before.',
    'Replay this run on the release before, to see whether it goes wrong there too.',
  ],
}

/** The four rules of the source article, in its order: all that `debugRun` knows, and the first that `hypothesise` asks. */
export const ARTICLE_RULES: readonly Rule<ArticleFacts>[] = [
  toolLayerFailure,
  repeatedCalls,
  latencyAboveSlo,
  releaseRegression,
]
