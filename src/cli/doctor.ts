import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type ResolvedConfig, resolveConfig } from '../config/resolve-config.ts'
import { RetrialError } from '../core/errors.ts'
import { examineIsolation } from '../replay/probes/examine-isolation.ts'
import { createReplayPool } from '../replay/replay-pool.ts'
import { renderExamination, toExaminationJson } from '../report/render-examination.ts'
import { renderIsolation, toIsolationJson } from '../report/render-isolation.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { SANDBOX_MODES, type SandboxMode } from '../scenario/scenario.ts'
import { openRecording } from '../suite/open-recording.ts'
import { adjust } from '../suite/run-suite.ts'
import { checkIsolation } from '../trial/check-isolation.ts'
import { examineScenario } from '../trial/examine-scenario.ts'
import { isolationOf } from '../trial/run-replay.ts'
import { chooseExitCode } from './exit-code.ts'

interface DoctorOptions {
  isolation?: boolean
  json?: boolean
  out?: string
  sandbox?: SandboxMode
}

const AFTER_HELP = `
With a scenario, its unfixed agent is replayed twice, the second time under another seed
and another clock. What differs is listed, and all that the agent looks at and the
recording does not hold: files, variables, randomness, the machine. Each with what to do
about it.

Exit codes with a scenario:
  0    both replays are equal, and rest on the recording
  2    usage
  3    something differs, or is not in the recording

Exit codes with --isolation:
  0    nothing came through the walls that a replay has here, and each attempt was counted
  1    something came through, or was not counted
  2    usage
  3    nothing is proved: not even without walls did anything come through

All probes go to listeners of this very command, on the loopback, and to files in a
temporary folder.`

/** Adds `retrial doctor`: shows whether what replays rely on holds, on this machine or for the agent of a scenario. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show whether what replays rely on holds, for the agent of a scenario or on this machine')
    .argument('[scenario]', 'the scenario file whose agent is examined')
    .option('--isolation', 'try every way out of a replay that is known, at each level of isolation')
    .option('--json', 'print one JSON document')
    .addOption(
      new Option('--sandbox <mode>', 'sandbox around each replay (default: as the scenario says)').choices(
        SANDBOX_MODES,
      ),
    )
    .option('--out <folder>', 'where the replays leave their recordings')
    .addHelpText('after', AFTER_HELP)
    .action(doctor)
}

async function doctor(file: string | undefined, options: DoctorOptions): Promise<void> {
  chooseExitCode(4)
  if ((file === undefined) !== (options.isolation === true)) {
    const message =
      file === undefined ? 'Nothing to examine was named.' : 'A scenario and --isolation are two examinations.'
    throw new RetrialError('ERR_CLI_USAGE', message, {
      hint: 'Run `retrial doctor SCENARIO`, or `retrial doctor --isolation`.',
    })
  }
  const config = resolveConfig({ out_dir: options.out })
  if (file === undefined) await examineMachine(options, config)
  else await examineAgent(file, options, config)
}

async function examineMachine({ json }: DoctorOptions, { color }: ResolvedConfig): Promise<void> {
  const report = await examineIsolation()
  process.stdout.write(json ? toIsolationJson(report) : renderIsolation(report, { color }))
  chooseExitCode({ holds: 0, leaks: 1, unproved: 3 }[report.finding])
}

async function examineAgent(file: string, options: DoctorOptions, { color, out_dir }: ResolvedConfig): Promise<void> {
  const scenario = adjust(loadScenario(file), options)
  checkIsolation(scenario)
  const { recording } = await openRecording(scenario)
  const folders = { cacheDir: join(out_dir, 'cache'), workDir: join(out_dir, 'work') }
  const pool = createReplayPool({ ahead: 2, jobs: 2, isolation: isolationOf(scenario), ...folders })
  try {
    const report = await examineScenario(scenario, recording, { pool, outDir: out_dir })
    process.stdout.write(options.json ? toExaminationJson(report) : renderExamination(report, { color }))
    chooseExitCode({ clean: 0, not_clean: 3, broken: 4 }[report.finding])
  } finally {
    pool.close()
  }
}
