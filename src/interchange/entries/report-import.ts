import { type HttpInteraction, headerValue } from '../../model/interaction.ts'
import type { Note } from '../../model/recording.ts'
import { type ImportReport, UNKNOWN_INPUT } from '../foreign-format.ts'
import type { FileOrder } from './order-files.ts'
import type { PlacedRun } from './place-entries.ts'

const ORDERS: Record<FileOrder, string> = {
  start: 'in the order of their first requests',
  date: 'in the order of the date headers of their first answers',
  given: 'in the order given, since they tell no times',
}

/**
 * Says what an import got, what the files cannot tell, and whether a replay can rest on it.
 * `noun` is what people call a file of the format: `the HAR`.
 */
export function reportImport(placed: PlacedRun, files: number, noun: string): ImportReport {
  const { interactions, notes } = placed
  const gaps = notes.filter((note) => (note.data as { gap?: boolean } | undefined)?.gap)
  const replayable = interactions.length > 0 && gaps.length === 0
  const got = gotten(interactions)
  if (files > 1) got.push(`${files} files, ${ORDERS[placed.file_order]}`)
  return { got, unknown: unknowns(notes), replayable, reason: reasonFor(interactions, gaps, noun) }
}

function gotten(interactions: HttpInteraction[]): string[] {
  const hosts = countBy(interactions, ({ request }) => new URL(request.url).host)
  const answers = countBy(interactions, ({ answer }) => (answer === null ? 'no answer' : `status ${answer.status}`))
  const types = countBy(
    interactions.filter(({ answer }) => answer !== null && answer.chunks.length > 0),
    ({ answer }) => (headerValue(answer?.headers ?? [], 'content-type') ?? 'no content type').replace(/\s*;.*$/s, ''),
  )
  const got = [`${plural(interactions.length, 'request')}${hosts === '' ? '' : `: ${hosts}`}`]
  if (answers !== '') got.push(`answers: ${answers}`)
  if (types !== '') got.push(`bodies: ${types}`)
  return got
}

/** What no log of HTTP traffic tells. */
const ALWAYS_UNKNOWN = [
  UNKNOWN_INPUT,
  'how the run ended and what it gave back',
  'tool calls within the process, beyond what the model traffic shows of them',
  'which client made the requests (taken as fetch)',
  'the Node version, time zone, locale and environment of the run',
]

function unknowns(notes: Note[]): string[] {
  const unknown = [...ALWAYS_UNKNOWN]
  for (const [code, what] of Object.entries({
    chunk_times_unknown: 'the chunks and chunk times of streamed answers',
    start_unknown: 'when some requests started',
    duration_unknown: 'how long some requests took',
    answer_body_missing: 'the bodies of some answers',
    request_body_missing: 'the bodies of some requests',
    content_type_guessed: 'the content types of some answers (taken from the look of their bodies)',
    request_headers_missing:
      'the headers of some requests (anthropic-version, anthropic-beta and their like are part of what is asked)',
    request_body_rebuilt: 'the bytes of some requests, whose bodies were kept parsed',
    answer_body_rebuilt: 'the bytes of some answers, whose bodies were kept parsed',
    websocket: 'what went over web sockets',
    skipped_entry: 'the entries that were skipped',
  })) {
    const count = entriesOf(notes.filter((note) => note.code === code))
    if (count > 0) unknown.push(`${what} (${count})`)
  }
  return unknown
}

function reasonFor(interactions: HttpInteraction[], gaps: Note[], noun: string): string {
  if (gaps.length > 0) {
    const list = [...new Set(gaps.map((note) => note.code))].map((code) => {
      return `${code} ×${entriesOf(gaps.filter((note) => note.code === code))}`
    })
    return `a replay would miss what ${noun} does not hold: ${list.join(', ')}`
  }
  if (interactions.length === 0) return `${noun} holds no HTTP requests`
  return 'every request has its whole answer, or the recorded error'
}

function entriesOf(notes: Note[]): number {
  return notes.reduce((sum, note) => sum + (note.data as { entries: number[] }).entries.length, 0)
}

/** `a ×2, b`, most frequent first. */
function countBy<T>(items: T[], keyOf: (item: T) => string): string {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([key, count]) => (count === 1 ? key : `${key} ×${count}`)).join(', ')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
