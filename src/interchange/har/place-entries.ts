import { roundMs } from '../../core/clock.ts'
import type { HttpInteraction } from '../../model/interaction.ts'
import type { Note } from '../../model/recording.ts'
import type { ReadEntry, Remark } from './read-entry.ts'

/** An entry of the file, read or refused. */
export interface EntryOutcome {
  /** Position in `log.entries`. */
  index: number
  read: ReadEntry | null
  /** Why it was refused; for those that were. */
  refusal?: string | undefined
}

/** The entries of a file as one run. */
export interface PlacedRun {
  /** Milliseconds since the epoch; 0 when no entry tells a time. */
  started_at: number
  interactions: HttpInteraction[]
  notes: Note[]
}

/** Puts entries in the order of their start, counts their times from the first, and numbers them. */
export function placeEntries(outcomes: EntryOutcome[], startedAt: number | undefined): PlacedRun {
  const starts = startTimes(outcomes)
  const known = outcomes.flatMap(({ read }) => read?.times.started_at ?? [])
  const origin = startedAt ?? known.reduce((first, start) => Math.min(first, start), known[0] ?? 0)
  const offset = (outcome: EntryOutcome): number => roundMs((starts.get(outcome) ?? origin) - origin)
  const sorted = [...outcomes].sort(
    (a, b) => offset(a) - offset(b) || (a.read?.order ?? 0) - (b.read?.order ?? 0) || a.index - b.index,
  )
  const interactions: HttpInteraction[] = []
  const notes = new NoteBook()
  for (const outcome of sorted) {
    const started_ms = offset(outcome)
    const interaction = outcome.read?.interaction
    const id = interaction ? `c${interactions.length + 1}` : null
    if (interaction && id !== null) interactions.push({ ...interaction, id, started_ms })
    for (const remark of remarksOf(outcome)) notes.add(remark, started_ms, outcome.index, id)
  }
  return { started_at: origin, interactions, notes: notes.all() }
}

// An entry without a time is taken to start when the one before it in the file ended.
function startTimes(outcomes: EntryOutcome[]): Map<EntryOutcome, number> {
  const starts = new Map<EntryOutcome, number>()
  let previousEnd = outcomes.find(({ read }) => read?.times.started_at != null)?.read?.times.started_at ?? 0
  for (const outcome of outcomes) {
    const start = outcome.read?.times.started_at ?? previousEnd
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
