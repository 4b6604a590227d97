import { type Command, InvalidArgumentError, Option } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { isRetrialError } from '../core/errors.ts'
import { findScenarios } from '../scenario/find-scenarios.ts'
import { runSuite, type SuiteResult } from '../suite/run-suite.ts'
import { describeError } from './describe-error.ts'
import { chooseExitCode } from './exit-code.ts'
import { type Reporter, renderResult } from './render-result.ts'
import { openReport } from './write-report.ts'

interface VerifyOptions {
  json?: boolean
  reporter: Reporter
  output?: string
  only?: string[]
  workers?: string
  out?: string
  seed?: string
}

const AFTER_HELP = `
Exit codes:
  0    every gate passes: each candidate got the verdict it expects
  1    a gate fails
  2    usage or configuration: a flag, a scenario or a recording is not in order
  3    nothing failed, but something is inconclusive or not reproduced, or nothing ran
  4    the harness or an agent broke
  130  interrupted

Examples:
  retrial verify
  retrial verify scenarios/search-docs-retry-storm.yaml --json
  retrial verify --reporter junit --output reports/verdicts.xml
  retrial verify --only search-docs-retry-storm/fall-back`

/** Adds `retrial verify`: replays recorded incidents under candidate fixes and gives a verdict for each. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('replay recorded incidents under candidate fixes and give a verdict for each')
    .argument('[paths...]', 'scenario files, folders or patterns (default: scenarios/)')
    .addOption(new Option('--json', 'print one JSON document; short for --reporter json').conflicts('reporter'))
    .addOption(
      new Option('--reporter <name>', 'how to report').choices(['terminal', 'json', 'junit']).default('terminal'),
    )
    .option('--output <file>', 'write the report to a file instead, and the verdicts for people to the terminal')
    .option(
      '--only <ids...>',
      'only these: `scenario`, `candidate` or `scenario/candidate`; paths go before this option',
      collect,
    )
    .option('--workers <n>', 'replays at a time (default: one a core, at most 4)')
    .option('--seed <text>', 'draw all that is random from this seed (default: what the recorded run drew)')
    .option('--out <folder>', 'where replays leave their recordings (default: .retrial)')
    .addHelpText('after', AFTER_HELP)
    .action(verify)
}

/** An empty id would be no filter at all. */
function collect(id: string, earlier: string[] = []): string[] {
  if (id.trim() === '') throw new InvalidArgumentError('An id cannot be empty.')
  return [...earlier, id]
}

async function verify(paths: string[], options: VerifyOptions): Promise<void> {
  // Nothing is proved yet.
  chooseExitCode(3)
  const reporter = options.json ? 'json' : options.reporter
  const report = options.output === undefined ? null : await openReport(options.output)
  const { result, color } = await tryAll(paths, options)
  const view = { color, width: process.stdout.isTTY ? process.stdout.columns : undefined }
  await report?.write(renderResult(result, reporter, { color: false }))
  process.stdout.write(renderResult(result, report === null ? reporter : 'terminal', view))
  for (const { error } of result.faults) process.stderr.write(`${describeError(error)}\n`)
  chooseExitCode(result.exit_code)
}

async function tryAll(paths: string[], options: VerifyOptions): Promise<{ result: SuiteResult; color: boolean }> {
  let color = false
  try {
    const config = resolveConfig({ workers: options.workers, out_dir: options.out })
    color = config.color
    const files = await findScenarios(paths)
    const { workers, out_dir: outDir } = config
    return { result: await runSuite(files, { workers, outDir, only: options.only, seed: options.seed }), color }
  } catch (error) {
    // Reported like a scenario that is not in order: a program that reads JSON gets JSON.
    if (!isRetrialError(error)) throw error
    const fault = { file: error.location?.path ?? null, error }
    return { result: { reports: [], faults: [fault], exit_code: 2, duration_ms: 0 }, color }
  }
}
