import type { Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { MetricsSnapshot } from '../model/signal.ts'
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
    .option('--json', 'print JSON')
    .action(async (recording: string | undefined, options: DebugOptions) => {
      const text = recording === undefined ? await debugTraces(options) : await debugRecording(recording, options)
      process.stdout.write(text)
    })
}

async function debugRecording(file: string, options: DebugOptions): Promise<string> {
  if (options.run !== undefined || options.traces !== undefined || options.logs !== undefined) throw argumentsError()
  const recording = await readRecording(file, { mode: 'prefix' })
  const trace = projectRun(recording)
  const metrics: MetricsSnapshot = {
    ...(options.among !== undefined && (await readFleet(options.among, trace, options.previousRelease))),
    ...(options.metrics !== undefined && (await readMetrics(options.metrics))),
  }
  const signals = computeSignals(trace)
  const hypotheses = hypothesise({ signals, metrics })
  const { integrity, notes } = recording
  if (options.json === true) return toJson({ ...trace.context, file, integrity, signals, metrics, hypotheses, notes })
  return renderInvestigation({ trace, signals, hypotheses, integrity, notes, file }, terminal())
}

async function debugTraces(options: DebugOptions): Promise<string> {
  const { run, traces, logs } = options
  if (run === undefined || traces === undefined || logs === undefined) throw argumentsError()
  const spans = await readEntries(traces)
  const events = await readEntries(logs)
  const metrics = options.metrics === undefined ? {} : await readMetrics(options.metrics)
  const isOfRun = (entry: JsonObject) => entry.run_id === run
  if (!spans.some(isOfRun) && !events.some(isOfRun)) {
    process.stderr.write(`note: no span or event of ${escapeTerminal(run)} in ${traces} or ${logs}\n`)
  }
  const report = debugRun(run, spans, events, metrics)
  return options.json === true ? toJson(report) : renderSummary(report, terminal())
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
