import type { JsonObject } from '../core/json.ts'
import type { MetricsSnapshot, Signals } from '../model/signal.ts'
import { numberOr, type SpanLike } from './span-like.ts'

/** What the rules of the source article look at: little enough to be had from plain spans and log events. */
export interface ArticleFacts {
  first_error_span: SpanLike | null
  slowest_span: SpanLike | null
  repeated_tool_calls: Record<string, number>
  metrics: MetricsSnapshot
}

/** What all other rules look at: the signals of a run, and what is known of many runs. */
export interface Facts extends Signals {
  metrics: MetricsSnapshot
}

/** A pattern of signals, what it suggests, what that rests on, and what to look at next. */
export interface Rule<F> {
  /** Stable name of the hypothesis. */
  code: string
  /** The signals and metrics that the pattern is made of. */
  reads: readonly (keyof Signals | keyof MetricsSnapshot)[]
  when(facts: F): boolean
  statement(facts: F): string
  evidence(facts: F): JsonObject
  checks: readonly string[]
}

/** Latency above which a run is slow when the metrics name no objective, ms. */
export const DEFAULT_SLO_LATENCY_MS = 2500

/** A number of the metrics; `undefined` (unknown) when it is missing, null or no number. */
export function metricOf(facts: { metrics: MetricsSnapshot }, name: keyof MetricsSnapshot): number | undefined {
  return numberOr(facts.metrics[name], undefined)
}

/** True when a metric is known and above 0. */
export function isUp(facts: { metrics: MetricsSnapshot }, name: keyof MetricsSnapshot): boolean {
  return (metricOf(facts, name) ?? 0) > 0
}

/** The metrics of the given names that are known, as evidence. */
export function metricEvidence(facts: { metrics: MetricsSnapshot }, ...names: (keyof MetricsSnapshot)[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (facts.metrics[name] == null ? [] : [[name, facts.metrics[name]]])))
}

/** Sum of counts per key. */
export function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** `search ×3, fetch ×1`, most first. */
export function listCounts(counts: Record<string, number>): string {
  const entries = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  return entries.map(([name, count]) => `${name} ×${count}`).join(', ')
}
