import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { MetricsSnapshot } from '../model/signal.ts'
import { ARTICLE_RULES } from './article-rules.ts'
import { applyRules } from './hypothesise.ts'
import { findFirstError } from './run/first-error-span.ts'
import { countRepeats } from './run/repeated-tool-calls.ts'
import { findSlowest } from './run/slowest-span.ts'
import { sortByStart } from './span-like.ts'

/** What `debugRun` says of a run. */
export interface DebugReport {
  run_id: string
  /** The first span by start with status `error`, as it was given; null without one. A pointer, not the cause. */
  first_error_span: JsonObject | null
  /** The span with the largest latency, as it was given; null without spans. */
  slowest_span: JsonObject | null
  /** Of the run's last `run_finished` event, as it stands there; `unknown` when there is none or it lacks the field. */
  stop_reason: JsonValue
  /** Calls per tool whose arguments were seen before; a call without a tool counts under `null`. */
  repeated_tool_calls: Record<string, number>
  hypotheses: DebugHypothesis[]
}

/** A guess of `debugRun`; what to check next is part of the statement. */
export interface DebugHypothesis {
  code: string
  statement: string
  evidence: JsonValue
}

/**
 * Debugs one run from plain spans and log events, as they come out of a trace store: no recording is needed.
 *
 * Fields may be missing or null: such a start or latency counts as 0, such a metric as its default
 * (`run_latency_p95_ms` 0, `slo_latency_ms` 2500 ms, `release_error_rate_delta` 0). Spans and events of other runs are
 * left out, entries that are no objects are passed over, and nothing given is changed. A run that does not occur gives
 * the empty report.
 *
 * @param trace_events Spans: `run_id`, `step_type`, `started_at_ms`, `latency_ms`, `status`, and what else they have.
 * @param log_events Events in log order: `event`, `run_id`, and `tool` and `args_hash` or `stop_reason`.
 * @example
 * debugRun('run_9fd2', spans, events, { run_latency_p95_ms: 3100 }).stop_reason // 'max_steps'
 */
export function debugRun(
  run_id: string,
  trace_events: readonly unknown[],
  log_events: readonly unknown[],
  debug_metrics_snapshot?: MetricsSnapshot | JsonObject | null,
): DebugReport {
  const ofRun = (entry: unknown): entry is JsonObject => isJsonObject(entry) && entry.run_id === run_id
  const spans = sortByStart(trace_events.filter(ofRun))
  const events = log_events.filter(ofRun)
  const finish = events.findLast((event) => event.event === 'run_finished')
  const found = {
    first_error_span: findFirstError(spans),
    slowest_span: findSlowest(spans),
    // A null is what the event says; only a missing field is unknown.
    stop_reason: finish?.stop_reason === undefined ? 'unknown' : finish.stop_reason,
    repeated_tool_calls: countRepeats(events),
  }
  const metrics: MetricsSnapshot = debug_metrics_snapshot ?? {}
  const hypotheses = applyRules(ARTICLE_RULES, { ...found, metrics }).map(({ rule, statement, evidence }) => ({
    code: rule.code,
    statement: [statement, ...rule.checks].join(' '),
    evidence,
  }))
  return { run_id, ...found, hypotheses }
}
