import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { formatError, isRetrialError, RetrialError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { renderJUnit } from '../report/render-junit.ts'
import { renderVerdicts } from '../report/render-verdicts.ts'
import { renderJson as renderJsonReport, toJsonReport } from '../report/to-json-report.ts'
import { findScenarios } from '../scenario/find-scenarios.ts'
import { runSuite, type SuiteResult } from '../suite/run-suite.ts'
import { chooseExitCode } from './exit-code.ts'

/** What keeps replays from the outside world. */
const ISOLATION = 'guard'

interface VerifyOptions {
  json?: boolean
  reporter: 'terminal' | 'json' | 'junit'
  output?: string
  only?: string[]
  workers?: string
  out?: string
}

/** Adds `retrial verify`: replays recorded incidents under candidate fixes and gives a verdict for each. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('replay recorded incidents under candidate fixes and give a verdict for each')
    .argument('[paths...]', 'scenario files, folders or patterns', ['scenarios'])
    .addOption(new Option('--json', 'print one JSON document').conflicts('reporter'))
    .addOption(
      new Option('--reporter <name>', 'how to report').choices(['terminal', 'json', 'junit']).default('terminal'),
    )
    .option('--output <file>', 'write what the reporter says to a file, and the terminal report to the terminal')
    .option('--only <ids...>', 'only these scenarios or candidates: `scenario`, `candidate` or `scenario/candidate`')
    .option('--workers <n>', 'replays at a time')
    .option('--out <folder>', 'where replays leave their recordings')
    .action(verify)
}

async function verify(paths: string[], options: VerifyOptions): Promise<void> {
  // Nothing is proved yet.
  chooseExitCode(3)
  const config = resolveConfig({ workers: options.workers, out_dir: options.out })
  const { workers, out_dir: outDir, color } = config
  const result = await findScenarios(paths).then(
    (files) => runSuite(files, { workers, outDir, only: options.only }),
    nothingFound,
  )
  const shown = showPaths(result)
  const reporter = options.json ? 'json' : options.reporter
  const text = { terminal: renderTerminal, json: renderJson, junit: renderXml }
  if (options.output === undefined) process.stdout.write(text[reporter](shown, color))
  else process.stdout.write(renderTerminal(shown, color))
  for (const { error } of shown.faults) process.stderr.write(`${formatError(error)}\n`)
  if (shown.unknown.length > 0) {
    process.stderr.write(`No scenario or candidate is called ${shown.unknown.join(' or ')}: it was not tried.\n`)
  }
  if (options.output !== undefined) await save(options.output, text[reporter](shown, false))
  chooseExitCode(result.exit_code)
}

/** A path that yields no scenario is reported like a scenario that is not in order: a program that reads JSON gets JSON. */
function nothingFound(error: unknown): SuiteResult {
  if (!isRetrialError(error)) throw error
  const fault = { file: error.location?.path ?? '', error }
  return { reports: [], faults: [fault], unknown: [], exit_code: 2, duration_ms: 0 }
}

async function save(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(resolve(file)), { recursive: true })
    await writeFile(file, text)
  } catch (cause) {
    throw new RetrialError('ERR_CLI_OUTPUT', `The report could not be written: ${(cause as Error).message}`, {
      hint: 'Give --output a file in a folder that can be written to.',
      location: { path: file },
      cause,
    })
  }
}

/** Paths as the user knows them: relative to where they are. */
function showPaths({ reports, ...rest }: SuiteResult): SuiteResult {
  const shorten = <T extends { recording: string | null }>(part: T): T => ({
    ...part,
    recording: part.recording && relative(process.cwd(), part.recording),
  })
  return {
    ...rest,
    reports: reports.map((report) => ({
      ...report,
      file: relative(process.cwd(), report.file),
      baseline: shorten(report.baseline),
      candidates: report.candidates.map(shorten),
    })),
  }
}

function renderTerminal(result: SuiteResult, color: boolean): string {
  if (result.reports.length === 0) return ''
  const { reports, exit_code, duration_ms } = result
  return renderVerdicts(reports, { color, exit_code, duration_ms, isolation: ISOLATION })
}

function renderJson({ reports, faults, exit_code, duration_ms }: SuiteResult): string {
  const errors = faults.map(
    ({ file, error }): JsonObject => ({
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      file: relative(process.cwd(), error.location?.path ?? file),
      line: error.location?.line ?? null,
      column: error.location?.column ?? null,
    }),
  )
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const report = toJsonReport(version, reports, { exit_code, duration_ms, isolation: ISOLATION })
  return renderJsonReport({ ...(report as JsonObject), errors })
}

function renderXml({ reports, faults }: SuiteResult): string {
  const broken = faults.map(({ file, error }) => ({
    file: relative(process.cwd(), file),
    code: error.code,
    message: error.message,
  }))
  return renderJUnit(reports, { faults: broken })
}
