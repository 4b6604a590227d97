import { dirname, relative } from 'node:path'
import { quoteForShell } from '../core/quote-for-shell.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence } from '../model/verdict.ts'
import { printCanonical } from '../replay/canonical-body.ts'
import { type CanonicalCall, canonicaliseInteraction, type HeaderNames } from '../replay/canonical-call.ts'
import { type ComparedPart, compareRequests } from '../replay/compare-requests.ts'
import { listRemedies, liveKindOf, type RemedyCode, volatilePathOf } from '../replay/remedies.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** A request in full. */
interface WholeRequest {
  /** Id of the interaction in its recording. */
  interaction: string
  /** What was asked, without how it was carried. */
  text: string
}

/** A remedy, and what to type or write for it. */
interface ExplainedRemedy {
  text: string
  /** A line for the scenario or a command; null where there is none to give. */
  line: string | null
}

/** One divergence in full. */
export interface Explanation {
  /** Which one, from 1, and of how many. */
  number: number
  of: number
  divergence: Divergence
  asked: WholeRequest
  /** Null when the recording holds nothing comparable. */
  recorded: WholeRequest | null
  /** Both, part by part; empty when they go to different places. */
  parts: ComparedPart[]
  remedies: ExplainedRemedy[]
}

/** What is needed to explain a divergence of a replay. */
export interface ReplayToExplain {
  scenario: Scenario
  /** Null for the baseline. */
  candidate: string | null
  recording: Recording
  divergences: readonly Divergence[]
  /** Of the replay. */
  interactions: readonly Interaction[]
  /** Headers that were part of the question beside those that always are. */
  counted: readonly string[]
}

/**
 * Explains one divergence of a replay: both requests, how they differ part by part, and each remedy with what to type.
 *
 * @param number Which one, from 1; undefined is returned where there is none of that number.
 */
export function explainDivergence(replay: ReplayToExplain, number: number): Explanation | undefined {
  const divergence = replay.divergences[number - 1]
  if (divergence === undefined) return undefined
  const { nearest } = divergence
  const counted = new Set(replay.counted)
  const asked = callOf(replay.interactions, divergence.interaction, counted)
  const recorded = nearest === null ? null : callOf(replay.recording.interactions, nearest.interaction, counted)
  const isComparable = asked !== null && recorded !== null && asked.target === recorded.target
  return {
    number,
    of: replay.divergences.length,
    divergence,
    asked: { interaction: divergence.interaction, text: printCall(asked) },
    recorded: nearest && { interaction: nearest.interaction, text: printCall(recorded) },
    parts: isComparable ? compareRequests(recorded.content, asked.content) : [],
    remedies: listRemedies(divergence)
      .filter(({ code }) => replay.candidate !== null || !OF_CANDIDATES.includes(code))
      .map(({ code, text }) => ({ text, line: lineOf(code, divergence, replay) })),
  }
}

/** The baseline has to reproduce the incident from its recording alone. */
const OF_CANDIDATES: readonly RemedyCode[] = ['evidence', 'stub', 'live', 'stale']

function callOf(interactions: readonly Interaction[], id: string, counted: HeaderNames): CanonicalCall | null {
  const found = interactions.find((one) => one.id === id)
  return found === undefined ? null : canonicaliseInteraction(found, counted)
}

function printCall(call: CanonicalCall | null): string {
  if (call === null) return 'its recording does not hold it'
  const { body, ...rest } = call.content
  const sections = [
    ...(Object.keys(rest).length > 0 ? [printCanonical(rest)] : []),
    ...(body === undefined ? [] : [printCanonical(body)]),
  ]
  return [call.target, ...sections].join('\n')
}

function lineOf(code: RemedyCode, divergence: Divergence, { scenario, candidate }: ReplayToExplain): string | null {
  const folder = dirname(scenario.recording)
  const file = quoteForShell(relative(process.cwd(), scenario.file))
  switch (code) {
    case 'check':
      return null
    case 'volatile': {
      const path = volatilePathOf(divergence.difference)
      return path && `replay: { volatile: [${[...scenario.replay.volatile, path].map(quoteForYaml).join(', ')}] }`
    }
    case 'evidence':
      return `evidence: [${relative(scenario.dir, folder) || '.'}/<recording>.jsonl]`
    case 'stub': {
      const like = divergence.nearest === null ? "--json '{}'" : `--like ${divergence.nearest.interaction}`
      return `retrial scenario stub ${file} --candidate ${candidate} ${like}`
    }
    case 'live': {
      const which = `--only ${scenario.id}/${candidate}`
      return `retrial verify ${file} ${which} --live ${liveKindOf(divergence.summary)}`
    }
    case 'stale':
      return 'on_divergence: stale'
    case 'record': {
      const out = `${relative(process.cwd(), folder) || '.'}/${scenario.id}-${candidate ?? 'baseline'}.jsonl`
      return `retrial record --out ${quoteForShell(out)} -- <the command that runs it>`
    }
  }
}

function quoteForYaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
