import { segmentOf } from '../model/segment.ts'
import type { Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import {
  compareErrorRate,
  compareMeans,
  compareRunLatency,
  compareToolErrorRate,
  compareToolLatency,
} from './compare.ts'
import { countsOfRun } from './counts-of-run.ts'
import { isFailedRun } from './error-rate.ts'
import { judge } from './judge.ts'
import type { MetricDiff } from './metric-diff.ts'

/** Two releases side by side. */
export interface ReleaseDiff {
  from: string
  to: string
  segment: Segment
  /** `error_rate` first: it is the primary metric. */
  metrics: MetricDiff[]
  /** How many metrics are worse; 0 when none is, or when there are not enough runs to say. */
  release_diff: number
}

export interface ReleaseDiffOptions {
  /** What counts as a failed run. @default isFailedRun */
  isFailed?: (trace: RunTrace) => boolean
  /** Further counts per run, compared by their mean: for instance signals. @default countsOfRun */
  counts?: (trace: RunTrace) => Record<string, number>
}

/**
 * Compares two releases metric by metric, each with a test and the number of runs on both sides.
 *
 * The error rate is the primary metric, judged at 5 %. All others inform: they are judged together at a false discovery
 * rate of 10 % (Benjamini–Hochberg), and a 95th percentile must also be more than 10 % worse. A metric below its
 * minimum of runs is shown and not judged.
 *
 * @param segment Workflow, model and tool to look at; its release is ignored.
 */
export function releaseDiff(
  traces: readonly RunTrace[],
  releases: { from: string; to: string },
  segment: Segment = {},
  options: ReleaseDiffOptions = {},
): ReleaseDiff {
  const { isFailed = isFailedRun, counts = countsOfRun } = options
  const { from, to } = releases
  const older = traces.filter((trace) => segmentOf(trace).release === from)
  const newer = traces.filter((trace) => segmentOf(trace).release === to)
  const anyRelease: Segment = { ...segment, release: undefined }
  const sides = { older, newer, segment: anyRelease }
  const metrics = judge([
    compareErrorRate(sides, isFailed),
    compareRunLatency(sides),
    compareToolErrorRate(sides),
    compareToolLatency(sides),
    ...compareMeans(sides, counts),
  ])
  return {
    from,
    to,
    segment: { ...segment, release: to },
    metrics,
    release_diff: metrics.filter(({ finding }) => finding === 'worse').length,
  }
}
