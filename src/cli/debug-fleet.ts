import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { metricsSnapshot } from '../fleet/metrics-snapshot.ts'
import type { MetricsSnapshot, Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { readRecording } from '../recording/read-recording.ts'
import { projectRun } from '../trace/project-run.ts'

/**
 * The metrics of a run's release against the one before, computed from recordings of many runs.
 *
 * @param paths Recordings, or folders of them.
 * @param segment What the run was narrowed to.
 * @param previous The release to compare with; by default the one that ran last before this run's release first did.
 * @throws ERR_CLI_DEBUG_FLEET when the run has no release, or there is no other release to compare with.
 */
export async function readFleet(
  paths: readonly string[],
  run: RunTrace,
  segment: Segment = {},
  previous?: string,
): Promise<MetricsSnapshot> {
  const files = (await Promise.all(paths.map(listRecordings))).flat()
  const others = await Promise.all(files.map(async (file) => projectRun(await readRecording(file, { mode: 'prefix' }))))
  const { run_id, release, workflow } = run.context
  // One workflow at a time: another one is slower or fails more often by its nature.
  const traces = [run, ...others.filter(({ context }) => context.run_id !== run_id && context.workflow === workflow)]
  const previous_release = previous ?? findPrevious(traces, release)
  if (release === undefined || previous_release === undefined) {
    throw new RetrialError(
      'ERR_CLI_DEBUG_FLEET',
      'There is no earlier release of this workflow to compare the run’s release with.',
      {
        hint: 'Name more recordings after --among, or the release with --previous-release.',
      },
    )
  }
  return metricsSnapshot(traces, { release, previous_release, segment })
}

async function listRecordings(path: string): Promise<string[]> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true
  if (!isFolder) return [path]
  const names = await readdir(path)
  return names
    .filter((name) => /\.jsonl(\.zst)?$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

function findPrevious(traces: readonly RunTrace[], release: string | undefined): string | undefined {
  const starts = (of: string | undefined): number[] =>
    traces.filter(({ context }) => context.release === of).map(({ context }) => context.started_at)
  const first = Math.min(...starts(release))
  const earlier = traces
    .map(({ context }) => context)
    .filter((context) => context.release !== undefined && context.release !== release && context.started_at < first)
  return earlier.sort((a, b) => b.started_at - a.started_at)[0]?.release
}
