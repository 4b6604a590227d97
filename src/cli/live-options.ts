import { Option } from 'commander'
import { RetrialError } from '../core/errors.ts'
import type { LiveBudget } from '../replay/live/live-desk.ts'
import { LIVE_KINDS, type LiveKind } from '../replay/live/live-target.ts'

export interface LiveOptions {
  live?: LiveKind
  liveCalls?: string
  liveTokens?: string
  liveSamples?: string
}

const CALLS = 10
const TOKENS = 50_000

export const LIVE_CALLS_HELP = `with --live: calls at most, in all (default: ${CALLS})`
export const LIVE_TOKENS_HELP = `with --live: tokens at most, in all (default: ${TOKENS})`

export const LIVE_SAMPLES_HELP =
  'with --live: run each fix and the unfixed agent so often against the real model, and compare'

export function liveOption(): Option {
  return new Option('--live <what>', 'ask real systems what nothing holds, and pin the answers').choices(LIVE_KINDS)
}

/** The budget that a command line gives; undefined where nothing may be asked. */
/** How often fixes are sampled. */
export function parseSamples({ liveSamples }: LiveOptions): number {
  return parse('--live-samples', liveSamples, 0)
}

export function openLiveBudget({ live, liveCalls, liveTokens, liveSamples }: LiveOptions): LiveBudget | undefined {
  if (live === undefined) {
    if ([liveCalls, liveTokens, liveSamples].every((one) => one === undefined)) return undefined
    throw usage('--live-calls, --live-tokens and --live-samples go with --live.', 'Add --live model, tools or all.')
  }
  const calls = parse('--live-calls', liveCalls, CALLS)
  return { kind: live, calls, tokens: parse('--live-tokens', liveTokens, TOKENS), env: process.env }
}

/** One line, printed before anything is asked. */
export function describeLiveBudget({ kind, calls, tokens }: LiveBudget): string {
  const who = kind === 'all' ? 'models and tools' : kind === 'model' ? 'models' : 'tools'
  return `live: real ${who} may be asked what nothing holds, at most ${calls} calls and ${tokens} tokens; keys come from the environment\n`
}

function parse(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw usage(`${flag} cannot be ${JSON.stringify(text)}.`, 'Give a whole number from 1.')
}

function usage(message: string, hint: string): RetrialError {
  return new RetrialError('ERR_CLI_USAGE', message, { hint })
}
