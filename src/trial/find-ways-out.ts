import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { isJsonObject } from '../core/json.ts'
import { quoteForShell } from '../core/quote-for-shell.ts'
import type { EvidenceGrade } from '../model/evidence.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import type { Divergence, DivergenceKind, IncidentFindings, Reason, Verdict, WayOut } from '../model/verdict.ts'
import { readModelRequest } from '../providers/registry.ts'
import { readRecording } from '../recording/read-recording.ts'
import { canonicaliseInteraction } from '../replay/canonical-call.ts'
import { differencesOf, showPath } from '../replay/describe-difference.ts'
import { guessTokens } from '../replay/live/live-desk.ts'
import { asVolatilePath, volatilePathOf, warnOfSending } from '../replay/remedies.ts'
import { whyNoEvidence } from '../replay/why-no-evidence.ts'
import type { Scenario, ScenarioCandidate } from '../scenario/scenario.ts'
import { countOf } from '../verify/reason-codes.ts'
import { findQuestion } from './find-question.ts'

/** So many recordings of a folder are looked through. */
const MOST_RECORDINGS = 200

/** The kinds of a difference that every run of an agent may make. */
const MADE_ANEW = new Set<DivergenceKind>(['generated_value', 'clock', 'randomness'])

/** A candidate that is not proved. */
export interface Unsettled {
  scenario: Scenario
  candidate: ScenarioCandidate
  recording: Recording
  verdict: Verdict
  findings: IncidentFindings | null
  reasons: readonly Reason[]
  interactions: readonly Interaction[]
  divergences: readonly Divergence[]
  /** Headers that were part of the question beside those that always are. */
  counted: readonly string[]
  /** Worst grade among its answers. */
  worst: EvidenceGrade | null
}

/**
 * How an inconclusive verdict can be settled, or a bypass accepted, the cheapest way first: each with a command that works as it
 * stands. None for any other verdict.
 */
export async function findWaysOut(unsettled: Unsettled): Promise<WayOut[]> {
  const { scenario, candidate, verdict, reasons, worst } = unsettled
  const file = quoteForShell(relative(process.cwd(), scenario.file))
  if (verdict === 'bypassed') return offerBypass(unsettled, file)
  if (verdict !== 'inconclusive') return []
  const verify = `retrial verify ${file} --only ${scenario.id}/${candidate.id}`
  const ways: WayOut[] = []
  ways.push(...offerLeniency(unsettled, file))
  const question = findQuestion(unsettled.interactions)
  // What the recording itself answers first, nothing else can be asked for.
  const isMissing = question?.evidence?.grade === 'none' || candidate.on_divergence === 'stale'
  if (question !== null && isMissing) {
    ways.push(...(await findRecordings(unsettled, question, verify)), ...offerStub(unsettled, question, file))
    if (candidate.on_divergence !== 'stale') ways.push(...offerLive(unsettled, question, verify))
  }
  if (question === null && worst !== null && reasons.some(({ code }) => code === 'weak_evidence')) {
    const text = `accept evidence down to ${worst}, here or as \`verify.required_evidence\``
    ways.push({ kind: 'required_evidence', text, command: `${verify} --required-evidence ${worst}` })
  }
  const explain = unsettled.divergences.length === 0 ? '' : ' --explain 1'
  return [...ways, look(candidate, file, explain)]
}

/** To take a fix for good that is at the root; with the cause there, it stays a bypass whatever is accepted. */
function offerBypass({ scenario, candidate, findings }: Unsettled, file: string): WayOut[] {
  if (candidate.expect === 'bypassed' || scenario.verify.accept_bypass || findings?.cause.present !== false) return []
  const text =
    'if the fix is at the root and keeps the trigger from happening at all, accept a bypass (`verify.accept_bypass`): every candidate here that never meets the trigger then counts as fixed, which the verdict lists as an assumption'
  return [{ kind: 'accept_bypass', text, command: `retrial scenario accept-bypass ${file}` }, look(candidate, file)]
}

function look({ id }: ScenarioCandidate, file: string, explain = ''): WayOut {
  const command = `retrial replay ${file} --candidate ${id}${explain}`
  return { kind: 'look', text: 'look at what the replay did', command }
}

/**
 * To accept by name what the agent looked at, all of it at once; and to let a field differ that every run makes anew, where that
 * is all that keeps a question from its answer.
 */
function offerLeniency(unsettled: Unsettled, file: string): WayOut[] {
  const { reasons } = unsettled
  const ways: WayOut[] = []
  const sources = reasons.flatMap(({ code, data }) =>
    code === 'unrecorded_source' && isJsonObject(data) ? String(data.name) : [],
  )
  if (sources.length > 0) {
    const text = `accept that the agent looks at ${sources.join(', ')}, and have that stand in the verdict`
    ways.push({
      kind: 'accept',
      text,
      command: `retrial scenario accept ${file} ${sources.map(quoteForShell).join(' ')}`,
    })
  }
  const paths = listLenientPaths(unsettled)
  if (paths.length > 0) {
    const [it, has] = paths.length === 1 ? ['it', 'has'] : ['they', 'have']
    const text = `let ${paths.join(', ')} differ if ${it} ${has} no bearing on the answer, and have that stand in the verdict`
    const command = `retrial scenario volatile ${file} ${paths.map(quoteForShell).join(' ')}`
    ways.push({ kind: 'volatile', text, command })
  }
  return ways
}

/** What could be let differ where a replay stopped: a value that every run makes anew, or the headers that keep two calls apart. */
function listLenientPaths({ divergences, scenario, recording, interactions, counted }: Unsettled): string[] {
  const stop = divergences.find(({ grade }) => grade === 'none')
  if (stop === undefined) return []
  const path = volatilePathOf(stop.difference)
  if (path?.startsWith('header.') !== true) return MADE_ANEW.has(stop.kind) && path !== null ? [path] : []
  const asked = interactions.find(({ id }) => id === stop.interaction)
  const nearest = recording.interactions.find(({ id }) => id === stop.nearest?.interaction)
  if (asked === undefined || nearest === undefined) return [path]
  const [was, is] = [nearest, asked].map((one) => canonicaliseInteraction(one, new Set(counted)).content)
  const headers = differencesOf(was ?? {}, is ?? {}).flatMap((one) => asVolatilePath(showPath(one.path)) ?? [])
  return headers.filter((one) => one.startsWith('header.') && !scenario.replay.volatile.includes(one))
}

/** Recordings beside that of the incident, and that of no other use here, which hold the question. */
async function findRecordings(
  { scenario, counted: names }: Unsettled,
  question: Interaction,
  verify: string,
): Promise<WayOut[]> {
  const counted = new Set(names)
  const wanted = canonicaliseInteraction(question, counted).text
  const folders = new Set([scenario.recording, ...scenario.evidence].map((path) => dirname(path)))
  const known = new Set([scenario.recording, ...scenario.evidence, scenario.overlay])
  const found: WayOut[] = []
  for (const path of [...folders].flatMap(listRecordings).slice(0, MOST_RECORDINGS)) {
    if (known.has(path)) continue
    const other = await readRecording(path, { mode: 'strict' }).catch(() => null)
    if (other === null || whyNoEvidence(other) !== null) continue
    const held = other.interactions.find((one) => canonicaliseInteraction(one, counted).text === wanted)
    if (held === undefined) continue
    const name = relative(process.cwd(), path)
    const text = `${name} holds the missing question (${held.id}): use it once, or name it under \`evidence\``
    found.push({ kind: 'evidence', text, command: `${verify} --evidence ${quoteForShell(name)}` })
  }
  return found
}

function listRecordings(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => /\.jsonl(\.zst)?$/.test(name))
  return names.sort().map((name) => resolve(join(folder, name)))
}

/** To assume the answer of the nearest recorded question, where that is one to the same target. */
function offerStub({ candidate, recording, divergences }: Unsettled, question: Interaction, file: string): WayOut[] {
  const nearest = divergences.find(({ interaction }) => interaction === question.id)?.nearest
  const like = recording.interactions.find(({ id }) => id === nearest?.interaction)
  const stub = `retrial scenario stub ${file} --candidate ${candidate.id}`
  const isAlike = like !== undefined && targetOf(like) === targetOf(question) && isAnswered(like)
  if (isAlike) {
    const text = `assume that it is answered as ${like.id} was, and have that stand in the verdict`
    return [{ kind: 'stub', text, command: `${stub} --like ${like.id}` }]
  }
  const isModel = question.kind === 'http' && readModelRequest(question.request) !== null
  const answer = isModel ? "--message 'Done.'" : "--json '{}'"
  return [{ kind: 'stub', text: 'assume an answer, and have that stand in the verdict', command: `${stub} ${answer}` }]
}

/** To ask the real system: what is known to be missing, and what it takes. */
function offerLive({ recording, interactions }: Unsettled, question: Interaction, verify: string): WayOut[] {
  if (question.kind !== 'http') return []
  const isModel = readModelRequest(question.request) !== null
  const isSame = (one: Interaction): boolean =>
    one.kind === 'http' && (readModelRequest(one.request) !== null) === isModel
  const left = recording.interactions.filter(isSame).length - interactions.filter(isSame).length + 1
  const calls = left > 1 ? `1 to about ${countOf(left, 'call')}` : 'about 1 call'
  const what = isModel
    ? `the real model (${calls}, some ${guessTokens(question)} tokens each)`
    : `the real tool (${calls}${warnOfSending(targetOf(question))})`
  const text = `ask ${what}, and pin the answers for review and for the next replay`
  return [{ kind: 'live', text, command: `${verify} --live ${isModel ? 'model' : 'tools'}` }]
}

function isAnswered(one: Interaction): boolean {
  return one.kind === 'http' ? one.answer !== null : one.value !== undefined
}

function targetOf(interaction: Interaction): string {
  return canonicaliseInteraction(interaction).target
}
