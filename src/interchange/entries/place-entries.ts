import { roundMs } from '../../core/clock.ts'
import { type HttpInteraction, headerValue } from '../../model/interaction.ts'
import type { Note } from '../../model/recording.ts'
import type { ReadEntry, Remark } from './entry.ts'

/** An entry of the files, read or refused. */
export interface EntryOutcome {
  /** Position among the entries of all files, in the order given. */
  index: number
  /** Position of its file. */
  file: number
  read: ReadEntry | null
  /** Why it was refused; for those that were. */
  refusal?: string | undefined
}

/** What several files were put in order by. `date`: the `date` headers of the answers, which tell seconds only. */
export type FileOrder = 'start' | 'date' | 'given'

/** The entries of all files as one run. */
export interface PlacedRun {
  /** Milliseconds since the epoch; 0 when no entry tells a time. */
  started_at: number
  interactions: HttpInteraction[]
  notes: Note[]
  file_order: FileOrder
}

/** Puts entries in the order of their start, counts their times from the first, and numbers them. */
export function placeEntries(outcomes: readonly EntryOutcome[], startedAt: number | undefined): PlacedRun {
  const { listed, file_order } = orderFiles(outcomes)
  const starts = startTimes(listed)
  const known = earliest(listed.map(({ read }) => read?.times.started_at ?? null)) ?? earliest(listed.map(dateOf))
  const origin = startedAt ?? known ?? 0
  const offset = (outcome: EntryOutcome): number => roundMs((starts.get(outcome) ?? origin) - origin)
  // The sort is stable: entries of the same time stay as they are listed.
  const sorted = listed.toSorted((a, b) => offset(a) - offset(b) || (a.read?.order ?? 0) - (b.read?.order ?? 0))
  const interactions: HttpInteraction[] = []
  const notes = new NoteBook()
  for (const outcome of sorted) {
    const started_ms = offset(outcome)
    const interaction = outcome.read?.interaction
    const id = interaction ? `c${interactions.length + 1}` : null
    if (interaction && id !== null) interactions.push({ ...interaction, id, started_ms })
    for (const remark of remarksOf(outcome)) notes.add(remark, started_ms, outcome.index, id)
  }
  return { started_at: origin, interactions, notes: notes.all(), file_order }
}

/** Files that tell when they were made, by their first start or answer; otherwise as they were given. */
function orderFiles(outcomes: readonly EntryOutcome[]): { listed: EntryOutcome[]; file_order: FileOrder } {
  const files = [...new Set(outcomes.map(({ file }) => file))]
  const entriesOf = new Map(files.map((file) => [file, outcomes.filter((outcome) => outcome.file === file)]))
  for (const file_order of ['start', 'date'] as const) {
    const timeOf = file_order === 'start' ? startOf : dateOf
    const times = new Map(files.map((file) => [file, earliest((entriesOf.get(file) ?? []).map(timeOf))]))
    if (![...times.values()].includes(null)) {
      const sorted = files.toSorted((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0))
      return { listed: sorted.flatMap((file) => entriesOf.get(file) ?? []), file_order }
    }
  }
  return { listed: [...outcomes], file_order: 'given' }
}

function startOf({ read }: EntryOutcome): number | null {
  return read?.times.started_at ?? null
}

/** When the server says that it answered; null when it does not. */
function dateOf({ read }: EntryOutcome): number | null {
  const date = Date.parse(headerValue(read?.interaction?.answer?.headers ?? [], 'date') ?? '')
  return Number.isNaN(date) ? null : date
}

function earliest(times: readonly (number | null)[]): number | null {
  return times.reduce<number | null>((first, time) => {
    return time === null || (first !== null && first <= time) ? first : time
  }, null)
}

// An entry without a time is taken to start when the one before it ended.
function startTimes(listed: readonly EntryOutcome[]): Map<EntryOutcome, number> {
  const starts = new Map<EntryOutcome, number>()
  const first = listed.map(startOf).find((time) => time !== null) ?? earliest(listed.map(dateOf))
  let previousEnd = first ?? 0
  for (const outcome of listed) {
    const start = startOf(outcome) ?? previousEnd
    starts.set(outcome, start)
    previousEnd = start + (outcome.read?.times.total_ms ?? 0)
  }
  return starts
}

function remarksOf(outcome: EntryOutcome): Remark[] {
  return outcome.read?.remarks ?? [{ code: 'skipped_entry', message: outcome.refusal ?? 'cannot be read', gap: true }]
}

/** Collects remarks: one note for all entries of which the same is to be said. */
class NoteBook {
  readonly #notes = new Map<string, Note & { data: { entries: number[]; interactions: string[]; gap: boolean } }>()

  add(remark: Remark, at_ms: number, entry: number, id: string | null): void {
    const key = `${remark.code} ${remark.message}`
    let note = this.#notes.get(key)
    if (note === undefined) {
      const data = { entries: [], interactions: [], gap: remark.gap ?? false }
      note = { at_ms, code: remark.code, message: remark.message, data }
      this.#notes.set(key, note)
    }
    note.data.entries.push(entry)
    if (id !== null) note.data.interactions.push(id)
  }

  all(): Note[] {
    return [...this.#notes.values()]
  }
}
