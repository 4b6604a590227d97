import { isJsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { headerValue, payloadText } from '../../model/interaction.ts'
import type { EntryOutcome } from './entry.ts'

/** What several files were put in order by. `date`: the `date` headers of the answers, which tell seconds only. */
export type FileOrder = 'start' | 'date' | 'given'

/**
 * Lists the entries file by file: files by their first start, or where not all tell one by their first answer's date, or else as
 * they were given. Of files of the same time, or none, one whose request goes on from another's comes after it.
 */
export function orderFiles(outcomes: readonly EntryOutcome[]): { listed: EntryOutcome[]; file_order: FileOrder } {
  const groups = [...Map.groupBy(outcomes, ({ file }) => file).values()]
  for (const file_order of ['start', 'date'] as const) {
    const timeOf = (entries: readonly EntryOutcome[]) =>
      earliest(entries.map(file_order === 'start' ? startOf : dateOf))
    const timed = groups.map((entries) => ({ entries, time: timeOf(entries) }))
    if (timed.every(({ time }) => time !== null)) {
      const sorted = timed.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0))
      return { listed: byHistory(sorted).flat(), file_order }
    }
  }
  return { listed: byHistory(groups.map((entries) => ({ entries, time: null }))).flat(), file_order: 'given' }
}

/** When an entry says that it started; null when it does not. */
export function startOf({ read }: EntryOutcome): number | null {
  return read?.times.started_at ?? null
}

/** When the server says that it answered; null when it does not. */
export function dateOf({ read }: EntryOutcome): number | null {
  const date = Date.parse(headerValue(read?.interaction?.answer?.headers ?? [], 'date') ?? '')
  return Number.isNaN(date) ? null : date
}

/** The first of some times; null when none is known. */
export function earliest(times: readonly (number | null)[]): number | null {
  return times.reduce<number | null>((first, time) => {
    return time === null || (first !== null && first <= time) ? first : time
  }, null)
}

interface TimedFile {
  entries: EntryOutcome[]
  time: number | null
}

/** Each file goes before the first of the same time that goes on from it. */
function byHistory(files: readonly TimedFile[]): EntryOutcome[][] {
  const placed: (TimedFile & { history: readonly string[] })[] = []
  for (const file of files) {
    const history = historyOf(file.entries)
    const after = placed.findIndex((other) => other.time === file.time && extendsHistory(other.history, history))
    placed.splice(after === -1 ? placed.length : after, 0, { ...file, history })
  }
  return placed.map(({ entries }) => entries)
}

/** The messages that the first request of a file sends to a model; none for any other request. */
function historyOf([first]: readonly EntryOutcome[]): string[] {
  const body = first?.read?.interaction?.request.body
  const asked = body === null || body === undefined ? undefined : parseJson(payloadText(body))
  const list = isJsonObject(asked) ? (asked.messages ?? asked.input ?? asked.contents) : undefined
  return Array.isArray(list) ? list.map((message: JsonValue) => JSON.stringify(message)) : []
}

function extendsHistory(longer: readonly string[], shorter: readonly string[]): boolean {
  return shorter.length > 0 && longer.length > shorter.length && shorter.every((one, i) => one === longer[i])
}
