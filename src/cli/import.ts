import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import { type JsonValue, parseJson } from '../core/json.ts'
import { FOREIGN_FORMATS } from '../interchange/detect-format.ts'
import { type ForeignFile, type ImportResult, UNKNOWN_INPUT } from '../interchange/foreign-format.ts'
import type { Recording } from '../model/recording.ts'
import { loadSalt } from '../record/load-salt.ts'
import { pinRecording } from '../recording/lock-file.ts'
import { readRecording } from '../recording/read-recording.ts'
import { createRedactor } from '../recording/redact/create-redactor.ts'
import { saveRecording } from '../recording/save-recording.ts'
import { type FoundFiles, readForeignFiles, readRuns } from './read-foreign-files.ts'
import {
  type ImportedRun,
  renderFound,
  renderJson,
  renderRuns,
  renderRunsJson,
  renderText,
  toJson,
} from './render-import.ts'

interface ImportCommandOptions {
  detect?: boolean
  out?: string
  runId?: string
  release?: string
  workflow?: string
  agent?: string
  input?: string
  skipBad?: boolean
  pick?: string
  force?: boolean
  json?: boolean
}

/** Adds `retrial import`: a run read from another tool's files becomes a sealed recording. */
export function registerImport(program: Command): void {
  const names = FOREIGN_FORMATS.map(({ name }) => name)
  program
    .command('import')
    .description("turn another tool's record of a run into a recording")
    .usage('[options] [format] <files...>')
    .argument('[format]', `what the files are: ${names.join(', ')} (default: told by their look)`)
    .argument('[files...]', 'the files to import; several make one run')
    .option('--detect', 'only say what the files are, what they hold, and whether a replay could rest on it')
    .option('--out <file>', 'the recording to write (default: recordings/<run id>.jsonl); for several runs, the folder')
    .option(
      '--pick <run>',
      'of a file that holds several runs: only this one, by its id there or its number (default: all)',
    )
    .option('--run-id <id>', 'id of the run (default: made from the content of the files)')
    .option('--release <release>', 'release of the agent that ran')
    .option('--workflow <workflow>', 'workflow that ran')
    .option('--agent <module#export>', 'the agent that ran, e.g. ./agent.ts#run')
    .option('--input <json>', 'what the agent was called with')
    .option('--skip-bad', 'leave out what cannot be decoded, with a note each')
    .option('--force', 'replace a recording that is already there')
    .option('--json', 'print JSON')
    .action(async (first: string | undefined, rest: string[], options: ImportCommandOptions) => {
      const format = names.includes(first ?? '') ? first : undefined
      const paths = [...(first === undefined || format !== undefined ? [] : [first]), ...rest]
      const print = options.detect === true ? describeFiles : importFiles
      process.stdout.write(await print(await readForeignFiles(paths, format), options))
    })
}

async function importFiles({ format, files }: FoundFiles, options: ImportCommandOptions): Promise<string> {
  const input = options.input === undefined ? null : readInput(options.input)
  const agent = options.agent === undefined ? null : readAgent(options.agent)
  if (options.runId === '') throw runIdError(options.runId)
  const { runId: run_id, skipBad, pick } = options
  const results = readRuns(format, files, { run_id, skipBad, pick })
  const [only] = results
  if (only !== undefined && results.length === 1) {
    const out = options.out ?? join('recordings', fileName(only.run.run_id))
    const { saved, report } = await saveRun(only, out, input, agent, options)
    if (options.json === true) return renderJson(out, saved, report)
    return renderText(`imported ${saved.run.run_id} from ${listPaths(files)} as ${out}`, report)
  }
  if (run_id !== undefined) throw severalRuns(files, results.length)
  const folder = options.out ?? 'recordings'
  const imported: ImportedRun[] = []
  for (const result of results) {
    const out = join(folder, fileName(result.run.run_id))
    imported.push({ out, ...(await saveRun(result, out, input, agent, options)) })
  }
  return options.json === true ? renderRunsJson(imported) : renderRuns(listPaths(files), folder, imported)
}

async function saveRun(
  result: ImportResult,
  out: string,
  input: JsonValue,
  agent: { module: string; export: string } | null,
  options: ImportCommandOptions,
): Promise<Omit<ImportedRun, 'out'>> {
  const agentRef = agent === null ? undefined : `${relativeModule(agent.module, out)}#${agent.export}`
  const recording = toRecording(result, input, agentRef, options)
  const redactor = createRedactor({ salt: loadSalt(dirname(out)), env: process.env })
  saveRecording(out, recording, { redactor, overwrite: options.force === true })
  pinRecording(out)
  const unknown = result.report.unknown.filter((what) => options.input === undefined || what !== UNKNOWN_INPUT)
  // What is on the disk is shown, not what was read: there the secrets are replaced, and it is proved to read back.
  return { saved: await readRecording(out, { mode: 'strict' }), report: { ...result.report, unknown } }
}

async function describeFiles({ format, files }: FoundFiles, options: ImportCommandOptions): Promise<string> {
  const { skipBad, pick } = options
  const results = readRuns(format, files, { skipBad, pick })
  const { name, title } = format
  const [only] = results
  const value = { files: files.map(({ path }) => path), format: name, title }
  if (only !== undefined && results.length === 1) {
    if (options.json !== true) return renderText(`${listPaths(files)}: ${title} (${name})`, only.report)
    return toJson({ ...value, interactions: only.interactions.length, ...only.report })
  }
  if (options.json !== true)
    return renderFound(`${listPaths(files)}: ${title} (${name}), ${results.length} runs`, results)
  return toJson({ ...value, runs: results.map(({ run, report }) => ({ run_id: run.run_id, ...report })) })
}

function listPaths(files: readonly ForeignFile[]): string {
  const [first, ...rest] = files
  return `${first?.path}${rest.length === 0 ? '' : ` and ${rest.length} more`}`
}

function toRecording(
  { run, runtime, interactions, notes, ...told }: ImportResult,
  input: JsonValue,
  agent_ref: string | undefined,
  { release, workflow }: ImportCommandOptions,
): Recording {
  const last = interactions.reduce((end, one) => Math.max(end, one.started_ms + (one.end?.offset_ms ?? 0)), 0)
  return {
    format: 'retrial/1',
    run: { ...run, ...(release !== undefined && { release }), ...(workflow !== undefined && { workflow }) },
    input: input ?? told.input ?? null,
    ...(agent_ref !== undefined && { agent_ref }),
    runtime,
    redaction: null,
    interactions,
    notes,
    // What the last model answer looks like does not say how the agent took it.
    finish:
      told.finish === undefined ? { at_ms: last, stop_reason: 'unknown', output: null, error: null } : told.finish,
    integrity: 'sealed',
  }
}

function readInput(text: string): JsonValue {
  const value = parseJson(text)
  if (value !== undefined) return value
  throw new RetrialError('ERR_CLI_IMPORT_INPUT', 'Failed to use --input: it is not JSON', {
    hint: 'Quote it for the shell, e.g. --input \'{"question":"…"}\'; a plain text needs JSON quotes too.',
  })
}

function readAgent(text: string): { module: string; export: string } {
  const [, module, name] = /^(.+)#([\w$]+)$/.exec(text) ?? []
  if (module !== undefined && name !== undefined) return { module, export: name }
  throw new RetrialError('ERR_CLI_IMPORT_AGENT', `Failed to use --agent: ${JSON.stringify(text)} names no export`, {
    hint: 'Pass a module and the function it exports, e.g. --agent ./agent.ts#run.',
  })
}

/** Recordings name their agent relative to themselves, so that both can move together. */
function relativeModule(module: string, out: string): string {
  const path = relative(dirname(resolve(out)), resolve(module))
    .split(sep)
    .join('/')
  return path.startsWith('.') ? path : `./${path}`
}

function fileName(runId: string): string {
  if (/^[\w-][\w.-]*$/.test(runId)) return `${runId}.jsonl`
  throw runIdError(runId)
}

function runIdError(runId: string): RetrialError {
  return new RetrialError('ERR_CLI_IMPORT_RUN_ID', `Failed to name the recording after run ${JSON.stringify(runId)}`, {
    hint: 'Use letters, digits, dots, underscores and dashes, or name the file with --out.',
  })
}

function severalRuns(files: readonly ForeignFile[], count: number): RetrialError {
  return new RetrialError(
    'ERR_CLI_IMPORT_RUNS',
    `Failed to use --run-id: ${listPaths(files)} holds ${count} runs, and an id is of one`,
    { hint: 'Pick one of them with --pick, or leave --run-id out.' },
  )
}
