import type { Command } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { RetrialError } from '../core/errors.ts'
import { examineIsolation } from '../replay/probes/examine-isolation.ts'
import { renderIsolation, toIsolationJson } from '../report/render-isolation.ts'
import { chooseExitCode } from './exit-code.ts'

interface DoctorOptions {
  isolation?: boolean
  json?: boolean
}

const AFTER_HELP = `
Exit codes:
  0    nothing came through the walls that a replay has here, and each attempt was counted
  1    something came through, or was not counted
  2    usage
  3    nothing is proved: not even without walls did anything come through

All probes go to listeners of this very command, on the loopback, and to files in a
temporary folder.`

/** Adds `retrial doctor`: shows whether what replays rely on holds on this machine. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show whether what replays rely on holds on this machine')
    .option('--isolation', 'try every way out of a replay that is known, at each level of isolation')
    .option('--json', 'print one JSON document')
    .addHelpText('after', AFTER_HELP)
    .action(doctor)
}

async function doctor(options: DoctorOptions): Promise<void> {
  chooseExitCode(4)
  if (!options.isolation) {
    throw new RetrialError('ERR_CLI_USAGE', 'Nothing to examine was named.', {
      hint: 'Run `retrial doctor --isolation`.',
    })
  }
  const { color } = resolveConfig({})
  const report = await examineIsolation()
  process.stdout.write(options.json ? toIsolationJson(report) : renderIsolation(report, { color }))
  chooseExitCode({ holds: 0, leaks: 1, unproved: 3 }[report.finding])
}
