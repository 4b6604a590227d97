import { roundMs } from '../../core/clock.ts'
import type { HttpInteraction } from '../../model/interaction.ts'
import type { Note } from '../../model/recording.ts'
import type { EntryOutcome, Remark } from './entry.ts'
import { dateOf, earliest, type FileOrder, orderFiles, startOf } from './order-files.ts'

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
