import { type Command, InvalidArgumentError, Option } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import { findScenarios } from '../scenario/find-scenarios.ts'
import { REQUIRED_EVIDENCE, type RequiredEvidence, SANDBOX_MODES, type SandboxMode } from '../scenario/scenario.ts'
import { runSuite, type SuiteResult } from '../suite/run-suite.ts'
import { describeError } from './describe-error.ts'
import { chooseExitCode } from './exit-code.ts'
import {
  describeLiveBudget,
  LIVE_CALLS_HELP,
  LIVE_SAMPLES_HELP,
  LIVE_TOKENS_HELP,
  type LiveOptions,
  liveOption,
  openLiveBudget,
  parseSamples,
} from './live-options.ts'
import { type Reporter, renderResult } from './render-result.ts'
import { openReport } from './write-report.ts'

interface VerifyOptions extends LiveOptions {
  json?: boolean
  reporter?: Reporter
  output?: string
  only?: string[]
  workers?: string
  ahead?: string
  out?: string
  seed?: string
  sandbox?: SandboxMode
  evidence?: string[]
  requiredEvidence?: RequiredEvidence
  teeth?: boolean
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
  retrial verify --json --reporter junit --output reports/verdicts.xml > verdicts.json
  retrial verify --only search-docs-retry-storm/fall-back`

/** Adds `retrial verify`: replays recorded incidents under candidate fixes and gives a verdict for each. */
export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description('replay recorded incidents under candidate fixes and give a verdict for each')
    .argument('[paths...]', 'scenario files, folders or patterns (default: scenarios/)')
    .option('--json', 'print one JSON document; with --reporter and --output beside that report')
    .addOption(
      new Option('--reporter <name>', 'how to report (default: terminal)').choices(['terminal', 'json', 'junit']),
    )
    .option('--output <file>', 'write the report to a file instead, and the verdicts for people to the terminal')
    .option(
      '--only <ids...>',
      'only these: `scenario`, `candidate` or `scenario/candidate`; paths go before this option',
      collect,
    )
    .option('--workers <n>', 'replays at a time (default: one a core, at most 4)')
    .option('--ahead <n>', 'replays prepared while others run, each in a waiting process (default: as --workers)')
    .option('--seed <text>', 'draw all that is random from this seed (default: what the recorded run drew)')
    .addOption(
      new Option('--sandbox <mode>', 'sandbox around each replay (default: as its scenario says)').choices(
        SANDBOX_MODES,
      ),
    )
    .option('--evidence <files...>', 'further recordings whose answers may be used (grade pooled)', collect)
    .addOption(
      new Option(
        '--required-evidence <grade>',
        'worst grade that may support fixed (default: as its scenario says)',
      ).choices(REQUIRED_EVIDENCE),
    )
    .option('--teeth', 'ask for red, green and red again: on the baseline, on the candidate, when it is reverted')
    .addOption(liveOption())
    .option('--live-calls <n>', LIVE_CALLS_HELP)
    .option('--live-tokens <n>', LIVE_TOKENS_HELP)
    .option('--live-samples <n>', LIVE_SAMPLES_HELP)
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
  const { printed, written } = chooseReporters(options)
  const report = options.output === undefined ? null : await openReport(options.output)
  const { result, color } = await tryAll(paths, options)
  const view = { color, width: process.stdout.isTTY ? process.stdout.columns : undefined }
  await report?.write(renderResult(result, written, { color: false }))
  process.stdout.write(renderResult(result, printed, view))
  for (const { error } of result.faults) process.stderr.write(`${describeError(error)}\n`)
  chooseExitCode(result.exit_code)
}

/** What goes to the terminal, and what into the file that `--output` names. */
function chooseReporters({ json, reporter, output }: VerifyOptions): { printed: Reporter; written: Reporter } {
  if (output !== undefined) {
    const isBoth = json && reporter !== undefined
    return { printed: isBoth ? 'json' : 'terminal', written: reporter ?? (json ? 'json' : 'terminal') }
  }
  if (json && reporter !== undefined && reporter !== 'json') {
    throw new RetrialError('ERR_CLI_USAGE', `--json and --reporter ${reporter} cannot both be printed.`, {
      hint: 'Write one of them to a file: --output FILE is where the report of --reporter goes.',
    })
  }
  const only = json ? 'json' : (reporter ?? 'terminal')
  return { printed: only, written: only }
}

async function tryAll(paths: string[], options: VerifyOptions): Promise<{ result: SuiteResult; color: boolean }> {
  let color = false
  try {
    const config = resolveConfig({ workers: options.workers, ahead: options.ahead, out_dir: options.out })
    color = config.color
    const files = await findScenarios(paths)
    const { workers, ahead, out_dir: outDir } = config
    const { only, seed, sandbox, teeth, evidence, requiredEvidence: required_evidence } = options
    const live = openLiveBudget(options)
    if (live !== undefined) process.stderr.write(describeLiveBudget(live))
    const adjusted = { live, samples: parseSamples(options), teeth, only, seed, sandbox, evidence, required_evidence }
    return { result: await runSuite(files, { workers, ahead, outDir, ...adjusted }), color }
  } catch (error) {
    // Reported like a scenario that is not in order: a program that reads JSON gets JSON.
    if (!isRetrialError(error)) throw error
    const fault = { file: error.location?.path ?? null, error }
    return { result: { reports: [], faults: [fault], exit_code: 2, duration_ms: 0 }, color }
  }
}
