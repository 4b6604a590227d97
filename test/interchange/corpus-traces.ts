import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isRetrialError } from '../../src/core/errors.ts'
import { decodeFile } from '../../src/interchange/decode-file.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import type { ImportResult } from '../../src/interchange/foreign-format.ts'
import type { RunTrace, Span } from '../../src/model/trace.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { importRuns, toRecording } from './import-trace.ts'

/** Traces and trajectories of other tools; the tests over them are skipped where they are absent. */
export const CORPUS = join(import.meta.dirname, '../../../shared/corpus')
export const FILES = existsSync(CORPUS)
  ? globSync('{otel,trajectories}/**/*', { cwd: CORPUS })
      .filter((file) => statSync(join(CORPUS, file)).isFile() && !file.endsWith('SOURCE.md'))
      .sort()
  : []

/** Reads every run of a file of the corpus, or a refusal: format or `unknown`, and the code. */
export function readFile(file: string): { format: string; runs: ImportResult[]; code?: string } {
  let format = 'unknown'
  try {
    const text = decodeFile(readFileSync(join(CORPUS, file)), file)
    format = detectFormat(text)
    return { format, runs: format === 'unknown' ? [] : importRuns(format, text, file) }
  } catch (error) {
    if (!isRetrialError(error)) throw error
    expect(error.hint).toBeTruthy()
    expect(error.location?.path).toBe(file)
    return { format, runs: [], code: error.code }
  }
}

const cache = new Map<string, RunTrace[]>()

/** The traces of all runs of a file. */
export function traces(file: string): RunTrace[] {
  const known = cache.get(file) ?? readFile(file).runs.map((result) => projectRun(toRecording(result)))
  cache.set(file, known)
  return known
}

/** The files in a folder of the corpus. */
export function filesUnder(path: string): string[] {
  return FILES.filter((file) => file.startsWith(path))
}

/** The spans of one type. */
export function ofType(trace: RunTrace | undefined, type: Span['step_type']): Span[] {
  return (trace?.spans ?? []).filter(({ step_type }) => step_type === type)
}
