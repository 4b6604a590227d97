import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isRetrialError } from '../../src/core/errors.ts'
import { FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import type { ForeignFormat } from '../../src/interchange/foreign-format.ts'
import { type HttpInteraction, type HttpRequest, payloadBytes } from '../../src/model/interaction.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { isMeaningful } from '../../src/replay/counting-headers.ts'
import { type Api, type Asked, apiOf, askSdk } from './ask-sdk.ts'
import type { OriginalExchange } from './read-original.ts'
import { type CorpusSource, filesOf, SOURCES, unclaimedFiles } from './sources.ts'

/** Something that is not as it would be best, and why. */
export interface Finding {
  file: string
  /** `c3`; missing for a whole file. */
  interaction?: string
  reason: string
}

/** What came of one source. */
export interface SourceResult {
  name: string
  format: string
  files: number
  imported: number
  /** Of those imported. */
  replayable: number
  interactions: number
  /** Whose bytes are those that the second opinion reads from the file. */
  equal_bytes: number
  model_calls: Record<Api, number>
  /** Model calls that go through the real SDK: an answer, a stream without an error in it, or the error of the status. */
  decoded: number
  /** Model calls of which the SDK makes the same as of the original bytes. */
  equal: number
  /** Model calls whose request, made again by the SDK, is the recorded one by hash. */
  matched: number
  /** Of those matched, how many only without headers (`anthropic-version`) that the file does not hold. */
  without_headers: number
  refused: Finding[]
  findings: Finding[]
}

export interface ConformanceResult {
  sources: SourceResult[]
  /** Files that belong to no source. */
  unclaimed: string[]
}

/** Imports every file of the corpus, and has the real SDKs read what was imported. */
export async function measureCorpus(corpus: string): Promise<ConformanceResult> {
  const sources: SourceResult[] = []
  for (const source of SOURCES) sources.push(await measureSource(corpus, source))
  return { sources, unclaimed: unclaimedFiles(corpus) }
}

async function measureSource(corpus: string, source: CorpusSource): Promise<SourceResult> {
  const format = FOREIGN_FORMATS.find(({ name }) => name === source.format) as ForeignFormat
  const result: SourceResult = {
    ...{ name: source.name, format: format.name, files: 0, imported: 0, replayable: 0, interactions: 0 },
    ...{ equal_bytes: 0, model_calls: { chat: 0, responses: 0, messages: 0 } },
    ...{ decoded: 0, equal: 0, matched: 0, without_headers: 0, refused: [], findings: [] },
  }
  for (const file of filesOf(corpus, source)) {
    result.files++
    const text = readFileSync(join(corpus, file), 'utf8')
    const interactions = importFile(format, text, file, result)
    const originals = interactions === null ? [] : readOriginals(source, text, file, result)
    for (const [i, interaction] of (interactions ?? []).entries()) {
      await measureInteraction(file, interaction, originals[i], result)
    }
  }
  return result
}

/** None when the second reader, which knows only what occurs in one corpus, cannot read the file. */
function readOriginals(source: CorpusSource, text: string, file: string, result: SourceResult): OriginalExchange[] {
  try {
    return source.readOriginal?.(text) ?? []
  } catch (error) {
    result.findings.push({ file, reason: `the second reader cannot read the file: ${(error as Error).message}` })
    return []
  }
}

function importFile(format: ForeignFormat, text: string, file: string, result: SourceResult): HttpInteraction[] | null {
  try {
    const { interactions, report } = format.import(text, { path: file })
    result.imported++
    if (report.replayable) result.replayable++
    else result.findings.push({ file, reason: `only for debugging: ${report.reason}` })
    result.interactions += interactions.length
    return interactions
  } catch (error) {
    if (!isRetrialError(error)) throw error
    result.refused.push({ file, reason: `${error.code}: ${error.message}` })
    return null
  }
}

async function measureInteraction(
  file: string,
  interaction: HttpInteraction,
  original: OriginalExchange | undefined,
  result: SourceResult,
): Promise<void> {
  const find = (reason: string) => result.findings.push({ file, interaction: interaction.id, reason })
  const { request, answer } = interaction
  const bytes = Buffer.concat((answer?.chunks ?? []).map(([, data]) => payloadBytes(data)))
  if (
    original !== undefined &&
    isSameRequest(original, request) &&
    original.status === answer?.status &&
    isEqualBody(bytes, original.body)
  ) {
    result.equal_bytes++
  } else find('not the bytes that stand in the file')
  const api = apiOf(request)
  if (api === null || original === undefined) return
  result.model_calls[api]++
  const headers = answer?.headers.filter(([name]) => name !== 'content-length') ?? []
  const ours = await askSdk(api, request, () => new Response(bytes, { status: answer?.status ?? 599, headers }))
  // Where the file does not hold the type, the look of the body tells it here too, by the simplest rule.
  const type = { 'content-type': original.content_type || (original.body[0] === 0x7b ? 'application/json' : '') }
  const theirs = await askSdk(
    api,
    request,
    () => new Response(original.body, { status: original.status, headers: type }),
  )
  const failure = whyNotDecoded(ours, original.status)
  if (failure === null) result.decoded++
  else find(failure)
  if (isDeepStrictEqual(ours.outcome, theirs.outcome)) result.equal++
  else find('the SDK makes something else of the original bytes')
  const match = matchRequest(interaction, ours)
  if (match === 'no') find('the request, made again, is another one by hash')
  else result.matched++
  if (match === 'without headers') result.without_headers++
}

/** Null when a caller gets an answer, or the error that the status stands for. */
function whyNotDecoded({ outcome }: Asked, status: number): string | null {
  if (outcome.kind === 'error') {
    if (status >= 400 && outcome.status === status) return null
    return `the SDK throws within an answer of status ${status}: ${outcome.message}`
  }
  if (status >= 400) return `the SDK does not throw for status ${status}`
  if (outcome.kind === 'events') return outcome.events.length > 0 ? null : 'a stream without events'
  return typeof outcome.value === 'object' && outcome.value !== null
    ? null
    : 'the SDK gives no value: the body is empty'
}

function matchRequest(recorded: HttpInteraction, { sent }: Asked): 'yes' | 'without headers' | 'no' {
  if (sent === null) return 'no'
  const { text } = canonicaliseInteraction(recorded)
  if (canonicaliseInteraction({ ...recorded, request: sent }).text === text) return 'yes'
  const held = new Set(recorded.request.headers.map(([name]) => name))
  const bare = { ...sent, headers: sent.headers.filter(([name]) => !isMeaningful(name) || held.has(name)) }
  return canonicaliseInteraction({ ...recorded, request: bare }).text === text ? 'without headers' : 'no'
}

/** Methods are the same in any case, and a fragment never leaves the client. */
function isSameRequest(original: OriginalExchange, { method, url }: HttpRequest): boolean {
  return original.method.toUpperCase() === method.toUpperCase() && new URL(original.url.replace(/#.*/, '')).href === url
}

/** JSON that a tool kept parsed has no bytes of its own: then the values have to be equal. */
function isEqualBody(ours: Buffer, theirs: Buffer): boolean {
  if (ours.equals(theirs)) return true
  try {
    return isDeepStrictEqual(JSON.parse(ours.toString()), JSON.parse(theirs.toString()))
  } catch {
    return false
  }
}
