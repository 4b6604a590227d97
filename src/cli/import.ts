import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { Argument, type Command } from 'commander'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import { type JsonValue, parseJson } from '../core/json.ts'
import { detectFormat, FOREIGN_FORMATS } from '../interchange/detect-format.ts'
import { type ForeignFormat, type ImportResult, UNKNOWN_INPUT } from '../interchange/foreign-format.ts'
import { MAX_HAR_LENGTH, tooLarge } from '../interchange/har/read-log.ts'
import type { Recording } from '../model/recording.ts'
import { loadSalt } from '../record/load-salt.ts'
import { pinRecording } from '../recording/lock-file.ts'
import { readRecording } from '../recording/read-recording.ts'
import { createRedactor } from '../recording/redact/create-redactor.ts'
import { saveRecording } from '../recording/save-recording.ts'
import { escapeJson, escapeTerminal } from '../report/terminal-text.ts'

interface ImportCommandOptions {
  out?: string
  runId?: string
  release?: string
  workflow?: string
  agent?: string
  input?: string
  skipBad?: boolean
  force?: boolean
  json?: boolean
}

/** Adds `retrial import`: a run read from another tool's file becomes a sealed recording. */
export function registerImport(program: Command): void {
  const names = FOREIGN_FORMATS.map(({ name }) => name)
  program
    .command('import')
    .description("turn another tool's record of a run into a recording")
    .addArgument(new Argument('<format>', 'what the file is').choices(names))
    .argument('<file>', 'the file to import')
    .option('--out <file>', 'the recording to write (default: recordings/<run id>.jsonl)')
    .option('--run-id <id>', 'id of the run (default: made from the content of the file)')
    .option('--release <release>', 'release of the agent that ran')
    .option('--workflow <workflow>', 'workflow that ran')
    .option('--agent <module#export>', 'the agent that ran, e.g. ./agent.ts#run')
    .option('--input <json>', 'what the agent was called with')
    .option('--skip-bad', 'leave out what cannot be decoded, with a note each')
    .option('--force', 'replace a recording that is already there')
    .option('--json', 'print JSON')
    .action(async (format: string, file: string, options: ImportCommandOptions) => {
      process.stdout.write(await importFile(format, file, options))
    })
}

async function importFile(name: string, file: string, options: ImportCommandOptions): Promise<string> {
  const input = options.input === undefined ? null : readInput(options.input)
  const agent = options.agent === undefined ? null : readAgent(options.agent)
  if (options.runId === '') throw runIdError(options.runId)
  const text = await readText(file)
  if (detectFormat(text) === 'retrial') throw recordingError(file)
  const format = FOREIGN_FORMATS.find((candidate) => candidate.name === name) as ForeignFormat
  const result = format.import(text, { path: file, run_id: options.runId, skipBad: options.skipBad })
  const out = options.out ?? join('recordings', fileName(result.run.run_id))
  const agentRef = agent === null ? undefined : `${relativeModule(agent.module, out)}#${agent.export}`
  const recording = toRecording(result, input, agentRef, options)
  const redactor = createRedactor({ salt: loadSalt(dirname(out)), env: process.env })
  saveRecording(out, recording, { redactor, overwrite: options.force === true })
  pinRecording(out)
  const unknown = result.report.unknown.filter((what) => options.input === undefined || what !== UNKNOWN_INPUT)
  const report = { ...result.report, unknown }
  // What is on the disk is shown, not what was read: there the secrets are replaced, and it is proved to read back.
  const saved = await readRecording(out, { mode: 'strict' })
  return options.json === true ? renderJson(out, saved, report) : renderText(file, out, saved, report)
}

function toRecording(
  { run, runtime, interactions, notes }: ImportResult,
  input: JsonValue,
  agent_ref: string | undefined,
  { release, workflow }: ImportCommandOptions,
): Recording {
  const last = interactions.reduce((end, one) => Math.max(end, one.started_ms + (one.end?.offset_ms ?? 0)), 0)
  return {
    format: 'retrial/1',
    run: { ...run, ...(release !== undefined && { release }), ...(workflow !== undefined && { workflow }) },
    input,
    ...(agent_ref !== undefined && { agent_ref }),
    runtime,
    redaction: null,
    interactions,
    notes,
    // What the last model answer looks like does not say how the agent took it.
    finish: { at_ms: last, stop_reason: 'unknown', output: null, error: null },
    integrity: 'sealed',
  }
}

function renderText(file: string, out: string, { run }: Recording, report: ImportResult['report']): string {
  const lines = [`imported ${run.run_id} from ${file} as ${out}`]
  const list = (title: string, items: string[]) =>
    items.map((item, i) => `  ${(i === 0 ? title : '').padEnd(9)}${item}`)
  lines.push(...list('got', report.got), ...list('unknown', report.unknown))
  lines.push(`  ${report.replayable ? 'can be replayed' : 'can only be debugged'}: ${report.reason}`)
  return `${lines.map((line) => escapeTerminal(line, 400)).join('\n')}\n`
}

function renderJson(out: string, { run, interactions, notes }: Recording, report: ImportResult['report']): string {
  const value = { recording: out, run, interactions: interactions.length, ...report, notes }
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_HAR_LENGTH) throw tooLarge(file, size)
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (isRetrialError(cause)) throw cause
    const { code } = cause as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? String(cause))
    throw new RetrialError('ERR_CLI_IMPORT_FILE', `Failed to read ${file}: ${reason}`, {
      hint: 'Pass the path of a file that exists and may be read.',
      location: { path: file },
      cause,
    })
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

function recordingError(file: string): RetrialError {
  return new RetrialError('ERR_CLI_IMPORT_RECORDING', `Failed to import ${file}: it is a recording already`, {
    hint: 'Use it as it is, e.g. retrial debug FILE.',
    location: { path: file },
  })
}
