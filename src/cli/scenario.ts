import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { RetrialError } from '../core/errors.ts'
import { quoteForShell } from '../core/quote-for-shell.ts'
import type { Recording } from '../model/recording.ts'
import { readRecording } from '../recording/read-recording.ts'
import { proposeScenario } from '../scenario/propose/propose-scenario.ts'
import { type LearnedVolatile, proposedPaths } from '../scenario/propose/propose-volatile.ts'
import { computeSignals } from '../signals/compute-signals.ts'
import { projectRun } from '../trace/project-run.ts'
import { learnFromRecording } from '../trial/learn-from-recording.ts'
import { registerScenarioLeniency } from './scenario-leniency.ts'
import { registerScenarioStub } from './scenario-stub.ts'

interface NewOptions {
  out?: string
  agent?: string
  force?: boolean
  replay: boolean
}

/** Adds `retrial scenario new`: proposes a scenario for a recorded incident, roles included, for a person to review. */
export function registerScenario(program: Command): void {
  const scenario = program.command('scenario').description('work on scenarios')
  registerScenarioStub(scenario)
  registerScenarioLeniency(scenario)
  scenario
    .command('new')
    .description('propose a scenario for a recorded incident, for a person to review')
    .argument('<recording>', 'the recording of the incident')
    .option(
      '--out <file>',
      'the scenario to write (default: scenarios/<name of the recording>.yaml; - for the terminal)',
    )
    .option('--agent <module#export>', 'the agent (default: the one that the recording names)')
    .option('--no-replay', 'do not replay the agent to learn which fields of its requests change from run to run')
    .option('--force', 'replace a scenario that is already there')
    .action(newScenario)
}

async function newScenario(recordingPath: string, options: NewOptions): Promise<void> {
  const recording = await readRecording(recordingPath, { mode: 'prefix' })
  if (recording.notes.some(({ code }) => code === 'trace_only')) throw traceOnly(recordingPath)
  const name = basename(recordingPath).replace(/\.jsonl(\.zst)?(\.part)?$/, '')
  const isTerminal = options.out === '-'
  const out = isTerminal || options.out === undefined ? join('scenarios', `${name}.yaml`) : options.out
  if (!isTerminal && existsSync(out) && options.force !== true) {
    throw new RetrialError('ERR_CLI_SCENARIO_EXISTS', `There is a scenario at ${out} already.`, {
      hint: 'Choose another --out, or replace it with --force.',
      location: { path: out },
    })
  }
  const learned = options.replay ? await learn(recording, recordingPath, options.agent) : undefined
  const trace = projectRun(recording)
  const text = proposeScenario({
    recording,
    recordingPath: resolve(recordingPath),
    trace,
    signals: computeSignals(trace),
    agentRef: options.agent,
    learned,
    outPath: resolve(out),
  })
  if (isTerminal) {
    process.stdout.write(text)
    return
  }
  await mkdir(dirname(out), { recursive: true })
  await writeFile(out, text)
  const command = `retrial verify ${quoteForShell(out)}`
  process.stdout.write(`proposed ${out}: review the roles and name your candidates, then run \`${command}\`\n`)
  const volatile = proposedPaths(learned)
  if (volatile.length > 0) process.stdout.write(`volatile, to be reviewed as well: ${volatile.join(', ')}\n`)
}

/** What replays of the unchanged agent show; they leave nothing behind. */
async function learn(
  recording: Recording,
  recordingPath: string,
  agentRef: string | undefined,
): Promise<LearnedVolatile> {
  const { out_dir } = resolveConfig({})
  const outDir = join(out_dir, 'learn', String(process.pid))
  try {
    return await learnFromRecording(
      { recording, recordingPath: resolve(recordingPath), agentRef },
      { cacheDir: join(out_dir, 'cache'), workDir: join(out_dir, 'work'), outDir },
    )
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

function traceOnly(path: string): RetrialError {
  return new RetrialError(
    'ERR_CLI_SCENARIO_TRACE',
    `Failed to propose a scenario: ${path} was imported as spans, without the answers that a replay is served`,
    {
      hint: 'Look at it with `retrial debug`, and record the run or import its HTTP traffic to put a fix on trial.',
      location: { path },
    },
  )
}
