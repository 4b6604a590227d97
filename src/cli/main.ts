import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { formatError, isRetrialError } from '../core/errors.ts'
import { chosenExitCode } from './exit-code.ts'

/** The verbs, each loaded only when it is used: most of the time of a short command is loading. */
const VERBS: Record<string, () => Promise<(program: Command) => void>> = {
  verify: async () => (await import('./verify.ts')).registerVerify,
  debug: async () => (await import('./debug.ts')).registerDebug,
  record: async () => (await import('./record.ts')).registerRecord,
  replay: async () => (await import('./replay.ts')).registerReplay,
  scenario: async () => (await import('./scenario.ts')).registerScenario,
  import: async () => (await import('./import.ts')).registerImport,
}

/** Runs the command line and sets the exit code of the process. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  // Lowered only at the very end: whatever goes wrong on the way must not look like success.
  process.exitCode = 4
  // By way of `exit`, so that nothing that was started is left behind.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  process.stdout.on('error', endOnClosedPipe)
  try {
    const program = await buildProgram(argv)
    await program.parseAsync(argv, { from: 'user' })
    process.exitCode = chosenExitCode()
  } catch (error) {
    process.exitCode = reportFailure(error)
  }
}

async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('retrial')
    .description('Record a run of an LLM agent that went wrong, replay it under candidate fixes, get a verdict.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('(retrial --help shows what there is)')
    .configureOutput({ writeErr: (text) => void process.stderr.write(text) })
    .exitOverride()
  const verb = argv.find((word) => !word.startsWith('-'))
  const load = verb === undefined ? undefined : VERBS[verb]
  for (const one of load === undefined ? Object.values(VERBS) : [load]) (await one())(program)
  for (const command of program.commands) inheritExit(command)
  return program
}

function inheritExit(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) inheritExit(child)
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

function reportFailure(error: unknown): 0 | 2 | 4 {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  process.stderr.write(`${formatError(error)}\n`)
  // Our own errors are about what we were given; anything else is a bug.
  return isRetrialError(error) ? 2 : 4
}

/** `retrial … | head` closes the pipe early; that is no crash, and no success either. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit()
  throw error
}

/** Also a program by itself, for the tests; `bin/retrial.js` is what users run. */
if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
