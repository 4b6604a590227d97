import { spawn } from 'node:child_process'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { RecordContext } from '../record/open-session.ts'
import { chooseExitCode, type ExitCode } from './exit-code.ts'

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

const PRELOAD = new URL(`../record/preload.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href

/** Adds `retrial record`: runs a command and records what its Node processes say to the world. */
export function registerRecord(program: Command): void {
  program
    .command('record')
    .description('run a command and record what its Node processes say to the world')
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
  for (const taken of [out, `${out}.part`]) {
    if (existsSync(taken) && options.force !== true) {
      throw new RetrialError('ERR_CLI_RECORDING_EXISTS', `There is a recording at ${taken} already.`, {
        hint: 'Choose another --out, or replace it with --force.',
      })
    }
  }
  const before = recordingsAt(out)
  const { code, signal } = await run(command, { ...toContext(options), out })
  const made = recordingsAt(out).filter((path) => !before.includes(path) || options.force === true)
  if (made.length === 0) {
    throw new RetrialError('ERR_CLI_NOTHING_RECORDED', 'The command made no call that a recording could hold.', {
      hint: 'Record a Node program that calls a model or a tool over HTTP, or wraps its functions with `tool` and `model`.',
    })
  }
  for (const path of made) process.stderr.write(`recorded ${describe(path)}\n`)
  chooseExitCode(signal === null ? toExitCode(code ?? 4) : 130)
}

function toContext(options: RecordOptions): RecordContext {
  const { runId, release, workflow, agent, agentRef, input, env, force } = options
  return {
    run_id: runId,
    release,
    workflow,
    agent,
    agent_ref: agentRef,
    input: input === undefined ? null : parseInput(input),
    env,
    overwrite: force === true,
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

/** All that the command prints is the command's own: it goes through untouched. */
function run(command: string[], context: RecordContext): Promise<{ code: number | null; signal: string | null }> {
  const [file = '', ...args] = command
  const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --import=${PRELOAD}`.trim()
  const env = { ...process.env, NODE_OPTIONS: nodeOptions, RETRIAL_RECORD: JSON.stringify(context) }
  // The node of this process, so that an older one on the path does not run the recorder.
  const program = file === 'node' ? process.execPath : file
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: 'inherit', env })
    child.once('error', (error) => {
      const options = { hint: 'Check the name of the command after --.', cause: error }
      fail(new RetrialError('ERR_CLI_COMMAND', `The command ${file} could not be started: ${error.message}`, options))
    })
    child.once('exit', (code, signal) => done({ code, signal }))
  })
}

/** The recordings of a command: one a process that made a call. */
function recordingsAt(out: string): string[] {
  const stem = basename(out).replace(/\.jsonl$/, '')
  if (!existsSync(dirname(out))) return []
  const isOurs = (name: string): boolean =>
    name.startsWith(stem) && /^(\.p\d+)?(\.jsonl)?(\.part)?$/.test(name.slice(stem.length))
  return readdirSync(dirname(out))
    .filter(isOurs)
    .map((name) => join(dirname(out), name))
}

function describe(path: string): string {
  if (!path.endsWith('.part')) return path
  // The process was killed: what it wrote is kept, without a seal.
  const kept = path.slice(0, -'.part'.length)
  renameSync(path, kept)
  return `${kept} (not sealed: the process was killed; it can be looked at, and supports no verdict \`fixed\`)`
}

function toExitCode(code: number): ExitCode {
  return code === 0 ? 0 : code === 1 || code === 2 || code === 3 ? code : 4
}
