import { RetrialError } from '../../core/errors.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from '../foreign-format.ts'

/** A format whose files hold spans of any number of runs. */
export function traceFormat(
  name: string,
  title: string,
  detect: (text: string) => boolean,
  read: (text: string, options: ImportOptions) => ImportResult[],
): ForeignFormat {
  const importRuns = (text: string, options: ImportOptions): ImportResult[] => {
    const runs = read(text, options)
    return options.pick === undefined ? runs : [pickRun(runs, options.pick, options.path)]
  }
  return { name, title, detect, importRuns, import: (text, options) => takeOne(read(text, options), options) }
}

/**
 * The run that is asked for, or the only one.
 *
 * @throws RetrialError `ERR_INTERCHANGE_SEVERAL_RUNS`, `ERR_INTERCHANGE_PICK`
 */
export function takeOne(runs: ImportResult[], { pick, path }: ImportOptions): ImportResult {
  if (pick !== undefined) return pickRun(runs, pick, path)
  const [only] = runs
  if (only === undefined || runs.length > 1) throw severalRuns(runs, path)
  return only
}

/** The id that the source has for a run. */
function sourceId({ notes }: ImportResult): string {
  const data = notes.find(({ code }) => code === 'trace_only')?.data as { source_id?: string } | undefined
  return data?.source_id ?? ''
}

function pickRun(runs: ImportResult[], pick: string, path: string): ImportResult {
  const found = runs.find((run) => sourceId(run) === pick || run.run.run_id === pick) ?? runs[Number(pick) - 1]
  if (found !== undefined) return found
  throw new RetrialError(
    'ERR_INTERCHANGE_PICK',
    `Failed to pick run ${JSON.stringify(pick)}: the file has no such run`,
    {
      hint: `Pick one of ${listRuns(runs)}.`,
      location: { path },
    },
  )
}

function severalRuns(runs: ImportResult[], path: string): RetrialError {
  return new RetrialError(
    'ERR_INTERCHANGE_SEVERAL_RUNS',
    `Failed to read one run of the file: it holds ${runs.length}`,
    { hint: `Pick one of ${listRuns(runs)}, or import all of them.`, location: { path } },
  )
}

function listRuns(runs: ImportResult[]): string {
  const ids = runs.slice(0, 5).map((run, index) => `${index + 1} (${sourceId(run)})`)
  return `${ids.join(', ')}${runs.length > 5 ? `, … ${runs.length}` : ''}`
}
