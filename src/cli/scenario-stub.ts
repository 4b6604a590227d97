import type { Command } from 'commander'
import { resolveConfig } from '../config/resolve-config.ts'
import { RetrialError } from '../core/errors.ts'
import { type JsonValue, parseJson } from '../core/json.ts'
import type { Stub } from '../model/evidence.ts'
import { answerLike, questionOf } from '../replay/stub-like.ts'
import { addStub } from '../scenario/edit-scenario.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { replayCandidate } from '../suite/replay-candidate.ts'
import { summariseRequest } from '../trace/summarise-request.ts'
import { findQuestion } from '../trial/find-question.ts'
import { findCandidate } from './find-candidate.ts'

interface StubOptions {
  candidate: string
  assume?: string
  like?: string
  message?: string
  json?: string
  text?: string
  out?: string
}

/** Adds `retrial scenario stub`: supplies the answer that a candidate lacks, as an assumption that stands in the scenario. */
export function registerScenarioStub(scenario: Command): void {
  scenario
    .command('stub')
    .description('supply the answer that a candidate lacks, as an assumption that stands in the scenario')
    .argument('<scenario>', 'the scenario file')
    .requiredOption('--candidate <id>', 'whose question it answers')
    .option('--assume <text>', 'what is taken for granted, in words')
    .option('--like <call>', 'answer as this recorded call was answered')
    .option('--message <text>', 'a message of the model')
    .option('--json <text>', 'a JSON body, or what a wrapped function returns')
    .option('--text <text>', 'a body as text')
    .option('--out <folder>', 'where the replay leaves its recording')
    .action(stub)
}

async function stub(file: string, options: StubOptions): Promise<void> {
  const scenario = loadScenario(file)
  const candidate = findCandidate(scenario, options.candidate)
  const { out_dir } = resolveConfig({ out_dir: options.out })
  const { interactions, recording, counted } = await replayCandidate(scenario, candidate, out_dir)
  const question = findQuestion(interactions)
  if (question === null) {
    throw new RetrialError('ERR_CLI_STUB', `The candidate ${candidate.id} lacks no answer.`, {
      hint: 'A stub answers what nothing else does; run `retrial verify` to see what is open.',
      location: { path: file },
    })
  }
  const asked = summariseRequest(question)
  const { answer, assumption } = readAnswer(
    options,
    recording.interactions.find(({ id }) => id === options.like),
  )
  addStub(scenario.file, {
    assumption: options.assume ?? `${asked}: ${assumption}`,
    ...questionOf(question, new Set(counted)),
    ...answer,
  })
  process.stdout.write(`added a stub to ${file}: review it, then run \`retrial verify ${file}\`\n`)
}

function readAnswer(
  { like, message, json, text }: StubOptions,
  recorded: Parameters<typeof answerLike>[0] | undefined,
): { answer: Partial<Stub>; assumption: string } {
  const given = [like, message, json, text].filter((one) => one !== undefined)
  if (given.length !== 1) {
    throw new RetrialError('ERR_CLI_USAGE', 'A stub takes one answer.', {
      hint: 'Give one of --like, --message, --json and --text.',
    })
  }
  if (message !== undefined) return { answer: { message }, assumption: 'the model says what is written here' }
  if (text !== undefined) return { answer: { text }, assumption: 'it is answered with this text' }
  if (json !== undefined) return { answer: { json: parse(json) }, assumption: 'it is answered with this value' }
  const answer = recorded === undefined ? null : answerLike(recorded)
  if (answer !== null) return { answer, assumption: `it is answered as ${like} was` }
  throw new RetrialError('ERR_CLI_STUB', `The recording has no call ${like} with an answer.`, {
    hint: 'Name a call by its id, such as c1: `retrial debug` lists them.',
  })
}

function parse(text: string): JsonValue {
  const value = parseJson(text)
  if (value !== undefined) return value
  throw new RetrialError('ERR_CLI_USAGE', '--json is no JSON.', {
    hint: `Quote it for the shell: --json '{"ok":true}'.`,
  })
}
