import { FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import type { ImportOptions, ImportResult } from '../../src/interchange/foreign-format.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { RunTrace } from '../../src/model/trace.ts'
import { projectRun } from '../../src/trace/project-run.ts'

/** All runs that a text of a format holds. */
export function importRuns(
  name: string,
  text: string,
  path: string,
  options: Omit<ImportOptions, 'path'> = {},
): ImportResult[] {
  const format = FOREIGN_FORMATS.find((one) => one.name === name)
  if (format === undefined) throw new Error(`no format ${name}`)
  const own = { ...options, path }
  return format.importRuns === undefined ? [format.import(text, own)] : format.importRuns(text, own)
}

/** The recording that `retrial import` makes of a run, secrets and all. */
export function toRecording({ run, runtime, interactions, notes, input, finish }: ImportResult): Recording {
  const rest = { format: 'retrial/1', redaction: null, integrity: 'sealed' } as const
  return { ...rest, run, runtime, interactions, notes, input: input ?? null, finish: finish ?? null }
}

/** The only run of a value written as JSON, as a trace. */
export function traceOf(name: string, value: unknown, options: Omit<ImportOptions, 'path'> = {}): RunTrace {
  const [run, ...others] = importRuns(
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
    'trace.json',
    options,
  )
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`)
  return projectRun(toRecording(run))
}
