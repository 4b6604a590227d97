import { isStepLimit } from '../model/stop-reason.ts'
import { type Facts, isUp, metricEvidence, metricOf, type Rule } from './rules.ts'
import { pointTo, spanName } from './span-like.ts'

/** A change of the tools' p95 latency up to this share of the runs' change counts as stable. */
const STABLE_SHARE = 0.1

const toolLayerSpecific: Rule<Facts> = {
  code: 'tool_layer_specific',
  reads: ['first_error_span', 'tool_error_rate_delta'],
  when: (facts) => facts.first_error_span?.step_type === 'tool_call' && isUp(facts, 'tool_error_rate_delta'),
  statement: (facts) =>
    `The first error is in the tool ${spanName(facts.first_error_span ?? {})}, and tools fail more often across runs: ` +
    'a specific tool layer may be degraded, not this run alone.',
  evidence: (facts) => ({
    first_error_span: pointTo(facts.first_error_span),
    ...metricEvidence(facts, 'tool_error_rate_delta'),
  }),
  checks: ['Split the tool error rate by tool and see whether this one carries the increase.'],
}

const llmOrRuntimeLatency: Rule<Facts> = {
  code: 'llm_or_runtime_latency',
  reads: ['run_latency_p95_delta_ms', 'tool_latency_p95_delta_ms'],
  when: (facts) => {
    const runs = metricOf(facts, 'run_latency_p95_delta_ms')
    const tools = metricOf(facts, 'tool_latency_p95_delta_ms')
    return runs !== undefined && tools !== undefined && runs > 0 && tools <= runs * STABLE_SHARE
  },
  statement: () =>
    'Runs became slower while tools did not: the time is more likely spent in the model or in the agent runtime.',
  evidence: (facts) => metricEvidence(facts, 'run_latency_p95_delta_ms', 'tool_latency_p95_delta_ms'),
  checks: [
    'Compare the latency and the token counts of model calls before and after.',
    'Look for waiting in the runtime: queues, rate limits, retries inside a client.',
  ],
}

const stuckInLoop: Rule<Facts> = {
  code: 'stuck_in_loop',
  reads: ['repeated_tool_calls', 'stop_reason', 'loop_length'],
  when: (facts) => Object.keys(facts.repeated_tool_calls).length > 0 && isStepLimit(facts.stop_reason),
  statement: () => 'The agent repeated calls until its step budget ran out: it was probably stuck in a loop.',
  evidence: (facts) => ({
    stop_reason: facts.stop_reason,
    repeated_tool_calls: facts.repeated_tool_calls,
    repeated_same_result: facts.repeated_same_result,
    loop_length: facts.loop_length,
  }),
  checks: [
    'Read what the model was told between two equal calls, and why that did not change its mind.',
    'See whether the agent has a rule that ends a loop before the step budget does.',
  ],
}

const changeRegression: Rule<Facts> = {
  code: 'change_regression',
  reads: ['error_rate_delta', 'release_diff'],
  when: (facts) => isUp(facts, 'error_rate_delta') && isUp(facts, 'release_diff'),
  statement: () =>
    'Errors went up and the new release compares worse with the one before: a change may have brought this.',
  evidence: (facts) => metricEvidence(facts, 'error_rate_delta', 'release_diff'),
  checks: ['Go through what changed in the release: prompts, models, tool schemas, dependencies, configuration.'],
}

const criticalWorkflowHit: Rule<Facts> = {
  code: 'critical_workflow_hit',
  reads: ['synthetic_run_status', 'health_score_delta'],
  when: (facts) => facts.metrics.synthetic_run_status === 'fail' && (metricOf(facts, 'health_score_delta') ?? 0) < 0,
  statement: () =>
    'A synthetic run fails and the health score went down: users of a critical workflow are likely affected.',
  evidence: (facts) => metricEvidence(facts, 'synthetic_run_status', 'health_score_delta'),
  checks: ['See which workflow the failing synthetic run covers, and consider rolling back before looking further.'],
}

/** Five combinations of signals of one run with metrics over many. An unknown metric never makes one fire. */
export const COMBINATION_RULES: readonly Rule<Facts>[] = [
  toolLayerSpecific,
  llmOrRuntimeLatency,
  stuckInLoop,
  changeRegression,
  criticalWorkflowHit,
]
