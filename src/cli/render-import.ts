import type { ImportReport, ImportResult } from '../interchange/foreign-format.ts'
import type { Recording } from '../model/recording.ts'
import { escapeJson, escapeTerminal } from '../report/terminal-text.ts'

/** A run that was imported: where it is now, as it was read back, and what is said of it. */
export interface ImportedRun {
  out: string
  saved: Recording
  report: ImportReport
}

/** What an import says of one run. */
export function renderText(headline: string, report: ImportReport): string {
  const list = (title: string, items: string[]) =>
    items.map((item, i) => `  ${(i === 0 ? title : '').padEnd(9)}${item}`)
  return toLines([headline, ...list('got', report.got), ...list('unknown', report.unknown), `  ${verdict(report)}`])
}

function verdict({ replayable, reason }: ImportReport): string {
  return `${replayable ? 'can be replayed' : 'can only be debugged'}: ${reason}`
}

/** Runs shown one by one. */
const MOST = 20

/** What an import says of the many runs of a file. */
export function renderRuns(files: string, folder: string, runs: readonly ImportedRun[]): string {
  const lines = runs
    .slice(0, MOST)
    .map(({ out, saved, report }) => `  ${out}  ${saved.finish?.stop_reason ?? 'unfinished'}  ${report.got[0] ?? ''}`)
  const report = runs[0]?.report
  return toLines([
    `imported ${runs.length} runs from ${files} to ${folder}`,
    ...lines,
    ...(runs.length > MOST ? [`  … and ${runs.length - MOST} more`] : []),
    ...(report === undefined ? [] : [`  each ${verdict(report)}`]),
  ])
}

/** What a file of many runs holds. */
export function renderFound(headline: string, results: readonly ImportResult[]): string {
  const lines = results.slice(0, MOST).map(({ notes, report }, index) => {
    const data = notes.find(({ code }) => code === 'trace_only')?.data as { source_id?: string } | undefined
    return `  ${index + 1}  ${data?.source_id ?? ''}  ${report.got[0] ?? ''}`
  })
  const report = results[0]?.report
  return toLines([
    headline,
    ...lines,
    ...(results.length > MOST ? [`  … and ${results.length - MOST} more`] : []),
    ...(report === undefined ? [] : [`  each ${verdict(report)}`]),
  ])
}

export function renderJson(out: string, saved: Recording, report: ImportReport): string {
  return toJson(describeRun({ out, saved, report }))
}

export function renderRunsJson(runs: readonly ImportedRun[]): string {
  return toJson({ runs: runs.map(describeRun) })
}

/** Spans stand in the recording; listing them here would print the whole file. */
function describeRun({ out, saved: { run, interactions, notes }, report }: ImportedRun): Record<string, unknown> {
  const kept = notes.filter(({ code }) => code !== 'span')
  return { recording: out, run, interactions: interactions.length, ...report, notes: kept }
}

export function toJson(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}

function toLines(lines: readonly string[]): string {
  return `${lines.map((line) => escapeTerminal(line, 400)).join('\n')}\n`
}
