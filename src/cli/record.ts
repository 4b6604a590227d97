import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { RecordContext } from '../record/open-session.ts'
import { pinRecording } from '../recording/lock-file.ts'
import { chooseExitCode } from './exit-code.ts'
import { runRecorded } from './run-recorded.ts'

interface RecordOptions {
  out: string
  runId?: string
  release?: string
  workflow?: string
  agent?: string
  agentRef?: string
  input?: string
  env?: string[]
  force?: boolean
}

/** Adds `retrial record`: runs a command and records what its Node processes say to the world. */
export function registerRecord(program: Command): void {
  program
    .command('record')
    .description(
      'run a command and record what its Node processes say to the world; ends with the exit code of the command',
    )
    .argument('<command...>', 'the command, after --: `retrial record --out run.jsonl -- node agent.ts`')
    .requiredOption('--out <file>', 'the recording to write')
    .option('--run-id <id>', 'id of the run (default: a random one)')
    .option('--release <release>', 'release of the agent')
    .option('--workflow <workflow>', 'workflow of the run')
    .option('--agent <name>', 'name of the agent')
    .option('--agent-ref <module#export>', 'where a replay finds the agent, relative to the recording')
    .option('--input <json>', 'what a replay calls the agent with')
    .option('--env <names...>', 'further environment variables to keep; never secrets')
    .option('--force', 'replace a recording that is already there')
    .passThroughOptions(false)
    .action(recordCommand)
}

async function recordCommand(command: string[], options: RecordOptions): Promise<void> {
  const out = resolve(options.out)
  const context = { ...toContext(options), out }
  const earlier = setAside(out, options.force === true)
  const before = recordingsAt(out)
  let made: string[] = []
  let code: number
  try {
    code = await runRecorded(command, context)
    made = recordingsAt(out).filter((path) => !before.includes(path))
  } finally {
    // What was to be replaced is given back when there is nothing to replace it.
    if (made.length === 0) earlier.restore()
    else earlier.discard()
  }
  if (made.length === 0) {
    throw new RetrialError('ERR_CLI_NOTHING_RECORDED', 'The command made no call that a recording could hold.', {
      hint: 'Record a Node program that calls a model or a tool over HTTP, or wraps its functions with `tool` and `model`.',
    })
  }
  // Processes that end at the same moment overwrite each other's pins.
  if (made.length > 1) for (const path of made) if (!path.endsWith('.part')) pinRecording(path)
  for (const path of made) process.stderr.write(`recorded ${describe(path)}\n`)
  chooseExitCode(code)
}

function toContext(options: RecordOptions): RecordContext {
  const { runId, release, workflow, agent, agentRef, input, env } = options
  return {
    run_id: runId,
    release,
    workflow,
    agent,
    agent_ref: agentRef,
    input: input === undefined ? null : parseInput(input),
    env,
  }
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RetrialError('ERR_CLI_INPUT', `--input is not JSON: ${(error as Error).message}`, {
      hint: 'Quote it for the shell, e.g. --input \'{"question":"…"}\'.',
    })
  }
}

/**
 * Makes room for a recording: with force, what is there is moved aside until there is a new one.
 * @throws RetrialError ERR_CLI_RECORDING_EXISTS
 */
function setAside(out: string, force: boolean): { restore(): void; discard(): void } {
  const taken = [out, `${out}.part`].filter((path) => existsSync(path))
  if (taken.length > 0 && !force) {
    throw new RetrialError('ERR_CLI_RECORDING_EXISTS', `There is a recording at ${taken[0]} already.`, {
      hint: 'Choose another --out, or replace it with --force.',
    })
  }
  const aside = (path: string): string => `${path}.replaced`
  for (const path of taken) renameSync(path, aside(path))
  return {
    restore() {
      for (const path of taken) renameSync(aside(path), path)
    },
    discard() {
      for (const path of taken) rmSync(aside(path), { force: true })
    },
  }
}

/** The recordings of a command: one a process that made a call. */
function recordingsAt(out: string): string[] {
  const stem = basename(out).replace(/\.jsonl$/, '')
  const isOurs = (name: string): boolean =>
    name.startsWith(stem) && /^(\.p\d+(-[0-9a-f]+)?)?(\.jsonl)?(\.part)?$/.test(name.slice(stem.length))
  try {
    return readdirSync(dirname(out))
      .filter(isOurs)
      .map((name) => join(dirname(out), name))
  } catch {
    return [] // no folder yet
  }
}

function describe(path: string): string {
  if (!path.endsWith('.part')) return path
  // The process was killed: what it wrote is kept, without a seal.
  const kept = path.slice(0, -'.part'.length)
  renameSync(path, kept)
  return `${kept} (not sealed: the process was killed, or the recording could not be completed; it can be looked at, and supports no verdict \`fixed\`)`
}
