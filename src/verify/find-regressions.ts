import { formatMs } from '../core/format-ms.ts'
import type { Expectations } from '../model/incident.ts'
import type { Signals } from '../model/signal.ts'
import { isAbnormalStop } from '../model/stop-reason.ts'
import type { RunTrace } from '../model/trace.ts'
import { checkExpectations, type Violation } from './check-expectations.ts'
import { countVainRetries } from './count-vain-retries.ts'
import { createReason, type ReasonCode, type VerifyReason } from './reason-codes.ts'

/** How much worse than the baseline a candidate may be before it counts as regressed. */
export interface Tolerance {
  /** Run latency may grow to this multiple of the baseline's… */
  latency_ratio: number
  /** …or by so many milliseconds, whichever allows more. */
  latency_ms: number
  /** Input and output tokens together may grow to this multiple of the baseline's. */
  tokens_ratio: number
  /** The run may take so many steps more. */
  steps: number
}

/** One run as the comparison of two runs sees it. */
export interface ComparedRun {
  trace: RunTrace
  signals: Signals
}

export interface RegressionInput {
  baseline: ComparedRun
  candidate: ComparedRun
  expect?: Expectations | undefined
  tolerance: Tolerance
}

/** The candidate's violated expectations, split by whether the baseline violated the same one. */
export interface SplitViolations {
  /** The baseline satisfied it. */
  broken: Violation[]
  /** The baseline violated it as well. */
  stillBroken: Violation[]
}

/**
 * Lists the bad signals of a candidate that the baseline did not have: a new error class (but of calls that it ended or left itself), a tool newly repeated with the
 * same result, a request newly made again in vain, malformed arguments, unknown tools or truncated answers where there were none, a new bad stop reason,
 * latency, tokens or steps beyond the tolerance, an expectation that the baseline satisfied.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function findRegressions(input: RegressionInput): VerifyReason[] {
  const { baseline, candidate, expect, tolerance } = input
  return [
    ...splitViolations(input).broken.map((found) =>
      createReason('expectation_broken', found.message, { expectation: found.code, ...found.data }),
    ),
    ...findNewKeys(
      'new_error_class',
      'error class',
      baseline.signals.error_classes,
      withoutOwnActs(candidate.signals.error_classes),
    ),
    ...findNewKeys(
      'new_repeats',
      'repeated tool',
      baseline.signals.repeated_same_result,
      candidate.signals.repeated_same_result,
    ),
    ...findNewKeys(
      'new_retries',
      'retries in vain',
      countVainRetries(baseline.trace.spans),
      countVainRetries(candidate.trace.spans),
    ),
    ...findNewCounts(baseline.signals, candidate.signals),
    ...findNewStopReason(baseline.signals, candidate.signals, expect),
    ...findGrowth(baseline.signals, candidate.signals, tolerance),
  ]
}

/**
 * Splits what a candidate violates. For `tools_never` each tool is an expectation of its own.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function splitViolations({
  baseline,
  candidate,
  expect = {},
}: Omit<RegressionInput, 'tolerance'>): SplitViolations {
  const before = new Set(checkExpectations(expect, baseline.trace, baseline.signals).map(violationKey))
  const now = checkExpectations(expect, candidate.trace, candidate.signals)
  return {
    broken: now.filter((found) => !before.has(violationKey(found))),
    stillBroken: now.filter((found) => before.has(violationKey(found))),
  }
}

function violationKey(found: Violation): string {
  return found.code === 'expect_tools_never' ? `${found.code} ${String(found.data.expected)}` : found.code
}

/** What an agent does to its own calls: it ends one that it needs no more, or lets it be. */
const OWN_ACTS = ['aborted', 'unfinished']

function withoutOwnActs(classes: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(classes).filter(([name]) => !OWN_ACTS.includes(name)))
}

function findNewKeys(
  code: ReasonCode,
  noun: string,
  before: Record<string, number>,
  now: Record<string, number>,
): VerifyReason[] {
  return Object.entries(now)
    .filter(([key, count]) => isSome(count) && !(Object.hasOwn(before, key) && isSome(before[key])))
    .map(([key, count]) => createReason(code, `new ${noun}: ${key} ×${count}`, { name: key, count }))
}

function findNewCounts(before: Signals, now: Signals): VerifyReason[] {
  const pairs = [
    ['new_malformed_arguments', 'malformed_tool_arguments'],
    ['new_unknown_tools', 'unknown_tools'],
    ['new_truncated_answers', 'truncated_answers'],
  ] as const
  return pairs
    .filter(([, signal]) => !isSome(before[signal]) && isSome(now[signal]))
    .map(([code, signal]) => {
      const data = { before: before[signal], after: now[signal] }
      return createReason(code, `${signal} ${data.before} → ${data.after}`, data)
    })
}

function findNewStopReason(before: Signals, now: Signals, expect: Expectations = {}): VerifyReason[] {
  if (now.stop_reason === before.stop_reason || !isAbnormalStop(now.stop_reason)) return []
  // A stop reason that the scenario expects is judged by the expectation alone.
  if (expect.stop_reason !== undefined) return []
  const message = `new stop_reason: ${before.stop_reason} → ${now.stop_reason}`
  return [createReason('new_stop_reason', message, { before: before.stop_reason, after: now.stop_reason })]
}

type Figures = [was: number, is: number, limit: number]

function findGrowth(before: Signals, now: Signals, tolerance: Tolerance): VerifyReason[] {
  const found: VerifyReason[] = []
  const compare = (
    code: ReasonCode,
    name: string,
    [was, is, limit]: Figures,
    show: (value: number) => unknown = round,
  ) => {
    // Not `is > limit`: a figure that is no number must not pass as a small one.
    if (is <= limit) return
    const data = { before: was, after: is, limit }
    found.push(createReason(code, `${name} ${show(was)} → ${show(is)}, at most ${show(limit)} tolerated`, data))
  }
  const latency = before.run_latency_ms
  const slowest = Math.max(tolerance.latency_ratio * latency, latency + tolerance.latency_ms)
  compare('slower', 'run latency', [latency, now.run_latency_ms, slowest], formatMs)
  const tokens = before.input_tokens + before.output_tokens
  // A baseline without tokens (no answer came, or the provider reports none) gives no figure to compare with.
  if (tokens !== 0)
    compare('more_tokens', 'tokens', [tokens, now.input_tokens + now.output_tokens, tolerance.tokens_ratio * tokens])
  compare('more_steps', 'steps', [before.steps, now.steps, before.steps + tolerance.steps])
  return found
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10
}

// Not `count > 0`: a count that is no number must not pass as none.
function isSome(count: number | undefined): boolean {
  return count !== undefined && !(count <= 0)
}
