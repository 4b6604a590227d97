import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { formatError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import { renderJUnit } from '../report/render-junit.ts'
import { renderVerdicts } from '../report/render-verdicts.ts'
import { renderJson as renderJsonReport, toJsonReport } from '../report/to-json-report.ts'
import { findScenarios } from '../scenario/find-scenarios.ts'
import { runSuite, type SuiteFault, type SuiteResult } from '../suite/run-suite.ts'
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
    .option('--json', 'print one JSON document')
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
  const files = await findScenarios(paths)
  const result = await runSuite(files, { workers: config.workers, outDir: config.out_dir, only: options.only })
  const shown = showPaths(result)
  const reporter = options.json ? 'json' : options.reporter
  const text = { terminal: renderTerminal, json: renderJson, junit: () => renderJUnit(shown.reports) }
  if (options.output === undefined) process.stdout.write(text[reporter](shown, config.color))
  else {
    await mkdir(dirname(resolve(options.output)), { recursive: true })
    await writeFile(options.output, text[reporter](shown, false))
    process.stdout.write(renderTerminal(shown, config.color))
  }
  for (const fault of shown.faults) process.stderr.write(`${renderFault(fault)}\n`)
  if (shown.reports.length === 0 && shown.faults.length === 0) {
    process.stderr.write(`No scenario or candidate is called ${options.only?.join(' or ')}: nothing was tried.\n`)
  }
  chooseExitCode(result.exit_code)
}

/** Paths as the user knows them: relative to where they are. */
function showPaths(result: SuiteResult): SuiteResult {
  return {
    ...result,
    reports: result.reports.map((report) => ({ ...report, file: relative(process.cwd(), report.file) })),
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
      file: error.location?.path ?? file,
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

function renderFault({ error }: SuiteFault): string {
  return formatError(error)
}
