import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { isRetrialError, RetrialError } from '../core/errors.ts'
import { describeError } from './describe-error.ts'
import { chosenExitCode } from './exit-code.ts'
import { readVersion } from './read-version.ts'

/** The verbs, each loaded only when it is used: most of the time of a short command is loading. */
const VERBS = new Map<string, () => Promise<(program: Command) => void>>([
  ['verify', async () => (await import('./verify.ts')).registerVerify],
  ['debug', async () => (await import('./debug.ts')).registerDebug],
  ['record', async () => (await import('./record.ts')).registerRecord],
  ['replay', async () => (await import('./replay.ts')).registerReplay],
  ['scenario', async () => (await import('./scenario.ts')).registerScenario],
  ['doctor', async () => (await import('./doctor.ts')).registerDoctor],
  ['import', async () => (await import('./import.ts')).registerImport],
  ['export', async () => (await import('./export.ts')).registerExport],
])

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Runs the command line and sets the exit code of the process. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  // Lowered only at the very end: whatever goes wrong on the way must not look like success.
  process.exitCode = 4
  // By way of `exit`, so that nothing that was started is left behind.
  for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(code))
  process.stdout.on('error', endOnBrokenOutput)
  process.stderr.on('error', endOnBrokenOutput)
  try {
    const program = await buildProgram(argv)
    await program.parseAsync(argv, { from: 'user' })
    process.exitCode = chosenExitCode()
  } catch (error) {
    process.exitCode = reportFailure(error, argv)
  }
}

async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('retrial')
    .description('Record a run of an LLM agent that went wrong, replay it under candidate fixes, get a verdict.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    // What commander says of a mistake is said by `describeError`.
    .configureOutput({ outputError: () => undefined })
  const load = VERBS.get(argv.find((word) => !word.startsWith('-')) ?? '')
  for (const one of load === undefined ? VERBS.values() : [load]) (await one())(program)
  throwOnExit(program, 'retrial')
  return program
}

function throwOnExit(command: Command, name: string): void {
  command.exitOverride((error) => {
    if (SHOWN.includes(error.code)) throw error
    throw usageError(error.message, name)
  })
  for (const child of command.commands) {
    if (child.commands.length > 0) child.helpCommand('help [command]', 'show help for a command')
    throwOnExit(child, `${name} ${child.name()}`)
  }
}

function usageError(said: string, name: string): RetrialError {
  const [what = '', guess] = said.replace(/^error: /, '').split('\n')
  const message = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}.`
  const hint = `See \`${name} --help\`.`
  const options = { hint: guess === undefined ? hint : `${guess.replace(/^\(|\)$/g, '')} ${hint}` }
  return new RetrialError('ERR_CLI_USAGE', message, options)
}

/** How commander ends when it showed something instead of running something. */
const SHOWN = ['commander.help', 'commander.helpDisplayed', 'commander.version']
function reportFailure(error: unknown, argv: readonly string[]): 0 | 2 | 4 {
  if (error instanceof CommanderError) {
    // Help that nobody asked for stands for a missing command.
    return error.code === 'commander.help' && !argv.includes('help') ? 2 : 0
  }
  process.stderr.write(`${describeError(error)}\n`)
  // Our own errors are about what we were given; anything else is a bug.
  return isRetrialError(error) ? 2 : 4
}

/** `retrial … | head` closes the pipe early, and a disk can be full: that is no crash, and no success either. */
function endOnBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode || 141)
  try {
    process.stderr.write(`The output could not be written: ${error.message}  [ERR_CLI_OUTPUT]\n`)
  } finally {
    process.exit(process.exitCode || 4)
  }
}

/** Also a program by itself, for the tests; `bin/retrial.js` is what users run. */
if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
