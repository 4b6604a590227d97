import type { Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { narrowToSegment, segmentOf } from '../model/segment.ts'
import type { MetricsSnapshot, Segment } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { readRecording } from '../recording/read-recording.ts'
import { renderSummary } from '../report/investigation-summary.ts'
import { type RenderOptions, renderInvestigation } from '../report/render-investigation.ts'
import { escapeJson, escapeTerminal } from '../report/terminal-text.ts'
import { computeSignals } from '../signals/compute-signals.ts'
import { debugRun } from '../signals/debug-run.ts'
import { hypothesise } from '../signals/hypothesise.ts'
import { projectRun } from '../trace/project-run.ts'
import { readFleet } from './debug-fleet.ts'
import { readEntries, readMetrics } from './debug-input.ts'

interface DebugOptions {
  run?: string
  traces?: string
  logs?: string
  metrics?: string
  among?: string[]
  previousRelease?: string
  release?: string
  workflow?: string
  model?: string
  tool?: string
  messages?: boolean
  json?: boolean
}

/** Adds `retrial debug`: what broke in a run, at which step, and what to check next. */
export function registerDebug(program: Command): void {
  program
    .command('debug')
    .description('show what broke in a run, at which step, and what to check next')
    .argument('[recording]', 'the recording of the run')
    .option('--run <id>', 'the run to look at, with --traces and --logs instead of a recording')
    .option('--traces <file>', 'spans: a JSON array or JSON Lines')
    .option('--logs <file>', 'log events: a JSON array or JSON Lines')
    .option('--metrics <file>', 'what is known of many runs: a JSON object')
    .option('--among <paths...>', 'recordings of many runs, or folders of them, to compute those metrics from')
    .option('--previous-release <release>', 'with --among: the release to compare with (default: the one before)')
    .option('--release <release>', 'only if the run is of this release')
    .option('--workflow <workflow>', 'only if the run is of this workflow')
    .option('--model <model>', 'only what the run did with this model')
    .option('--tool <tool>', 'only what the run did with this tool')
    .option('--messages', 'show what was said and done in each step')
    .option('--json', 'print JSON')
    .action(async (recording: string | undefined, options: DebugOptions) => {
      const text = recording === undefined ? await debugTraces(options) : await debugRecording(recording, options)
      process.stdout.write(text)
    })
}

async function debugRecording(file: string, options: DebugOptions): Promise<string> {
  if (options.run !== undefined || options.traces !== undefined || options.logs !== undefined) throw argumentsError()
  const recording = await readRecording(file, { mode: 'prefix' })
  const run = projectRun(recording)
  const segment = segmentFrom(options)
  const trace = narrowToSegment(run, segment)
  if (trace === null) throw segmentError(run, segment, file)
  const metrics: MetricsSnapshot = {
    ...(options.among !== undefined && (await readFleet(options.among, run, segment, options.previousRelease))),
    ...(options.metrics !== undefined && (await readMetrics(options.metrics))),
  }
  const signals = computeSignals(trace)
  const hypotheses = hypothesise({ signals, metrics })
  const { integrity } = recording
  const notes = recording.notes.filter(({ code }) => code !== 'span')
  if (options.json === true) {
    return toJson({
      ...trace.context,
      file,
      integrity,
      segment,
      signals,
      metrics,
      hypotheses,
      notes,
      ...(options.messages === true && { spans: trace.spans }),
    })
  }
  const { messages } = options
  return renderInvestigation({ trace, segment, signals, hypotheses, integrity, notes, file, messages }, terminal())
}

async function debugTraces(options: DebugOptions): Promise<string> {
  const { run, traces, logs } = options
  if (run === undefined || traces === undefined || logs === undefined) throw argumentsError()
  if (Object.keys(segmentFrom(options)).length > 0 || options.among !== undefined) throw argumentsError()
  const spans = await readEntries(traces)
  const events = await readEntries(logs)
  const metrics = options.metrics === undefined ? {} : await readMetrics(options.metrics)
  const isOfRun = (entry: JsonObject) => entry.run_id === run
  if (!spans.values.some(isOfRun) && !events.values.some(isOfRun)) {
    process.stderr.write(`note: no span or event of ${escapeTerminal(run)} in ${traces} or ${logs}\n`)
  }
  const report = debugRun(run, spans.values, events.values, metrics)
  if (options.json !== true) return renderSummary(report, terminal())
  const first_error_span = spans.asWritten(report.first_error_span)
  return toJson({ ...report, first_error_span, slowest_span: spans.asWritten(report.slowest_span) })
}

function segmentFrom({ release, workflow, model, tool }: DebugOptions): Segment {
  const wanted = Object.entries({ release, workflow, model, tool })
  return Object.fromEntries(wanted.filter(([, value]) => value !== undefined))
}

function segmentError(run: RunTrace, segment: Segment, path: string): RetrialError {
  const { release, workflow, models, tools } = segmentOf(run)
  const list = (kind: string, names: readonly string[]) => `${kind} ${names.length === 0 ? 'none' : names.join(', ')}`
  const own = [
    list('release', release === undefined ? [] : [release]),
    list('workflow', workflow === undefined ? [] : [workflow]),
    list('models', models),
    list('tools', tools),
  ]
  const wanted = Object.entries(segment).map(([key, value]) => `${key} ${value}`)
  return new RetrialError('ERR_CLI_DEBUG_SEGMENT', `The run ${run.context.run_id} is not of ${wanted.join(', ')}.`, {
    hint: `Name what the run belongs to: ${own.join('; ')}.`,
    location: { path },
  })
}

function argumentsError(): RetrialError {
  return new RetrialError(
    'ERR_CLI_DEBUG_ARGUMENTS',
    'Failed to choose a run: debug takes either a recording, or --run with --traces and --logs',
    { hint: 'Run `retrial debug RECORDING`, or `retrial debug --run ID --traces FILE --logs FILE`.' },
  )
}

function toJson(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}

function terminal(): RenderOptions {
  const { isTTY, columns } = process.stdout
  return { color: isTTY === true && process.stdout.hasColors(), width: isTTY === true ? columns : undefined }
}
