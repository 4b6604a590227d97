import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { ExportFormat, ExportResult } from '../interchange/export-format.ts'
import { EXPORT_FORMATS } from '../interchange/export-formats.ts'
import { readRecording } from '../recording/read-recording.ts'
import { escapeJson, escapeTerminal } from '../report/terminal-text.ts'
import { projectRun } from '../trace/project-run.ts'
import { readVersion } from './read-version.ts'

interface ExportCommandOptions {
  out: string
  force?: boolean
  json?: boolean
}

/** Adds `retrial export`: a recording becomes a file of another tool. */
export function registerExport(program: Command): void {
  program
    .command('export')
    .description("write a recording as another tool's file")
    .addArgument(new Argument('<format>', 'what to write').choices(EXPORT_FORMATS.map(({ name }) => name)))
    .argument('<recording>', 'the recording to read')
    .option('--out <file>', 'the file to write; - is standard output', '-')
    .option('--force', 'replace a file that is already there')
    .option('--json', 'print what was kept and lost as JSON; needs --out')
    .action(async (name: string, recording: string, options: ExportCommandOptions) => {
      process.stdout.write(await exportRecording(name, recording, options))
    })
}

async function exportRecording(
  name: string,
  path: string,
  { out, force, json }: ExportCommandOptions,
): Promise<string> {
  const format = EXPORT_FORMATS.find((candidate) => candidate.name === name) as ExportFormat
  const recording = await readRecording(path, { mode: 'strict' })
  const result = format.export(recording, { version: readVersion(), trace: () => projectRun(recording) })
  if (out === '-') {
    if (json === true) throw outputError('--json', '--json prints what was kept and lost, where the file would be')
    process.stderr.write(renderText(`exported ${path} as ${format.title}`, result))
    return result.text
  }
  if (resolve(out) === resolve(path)) throw outputError(out, 'it is the recording itself')
  await writeNew(out, result.text, force === true)
  if (json !== true) return renderText(`exported ${path} as ${out}`, result)
  const { kept, lost } = result
  return `${escapeJson(JSON.stringify({ file: out, format: format.name, kept, lost }, null, 2))}\n`
}

function renderText(headline: string, { kept, lost }: ExportResult): string {
  const list = (title: string, items: string[]) =>
    items.map((item, i) => `  ${(i === 0 ? title : '').padEnd(6)}${item}`)
  const lines = [headline, ...list('kept', kept), ...list('lost', lost)]
  return `${lines.map((line) => escapeTerminal(line, 400)).join('\n')}\n`
}

async function writeNew(out: string, text: string, overwrite: boolean): Promise<void> {
  try {
    await mkdir(dirname(resolve(out)), { recursive: true })
    await writeFile(out, text, { flag: overwrite ? 'w' : 'wx' })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw outputError(out, code === 'EEXIST' ? 'there is a file already' : message, cause)
  }
}

function outputError(out: string, reason: string, cause?: unknown): RetrialError {
  return new RetrialError('ERR_CLI_EXPORT_OUT', `Failed to write ${out}: ${reason}`, {
    hint: 'Name another file with --out, or replace the one that is there with --force.',
    location: { path: out },
    cause,
  })
}
