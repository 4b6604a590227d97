import { join } from 'node:path'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { readRecording } from '../recording/read-recording.ts'
import { canonicaliseInteraction } from '../replay/canonical-call.ts'
import { differencesOf, showPath } from '../replay/describe-difference.ts'
import type { ReplayJob } from '../replay/protocol.ts'
import { asVolatilePath } from '../replay/remedies.ts'
import { shapeOf } from '../replay/renaming.ts'
import type { ReplayPool } from '../replay/replay-pool.ts'
import type { ReplayResult } from '../replay/replay-worker.ts'
import type { LearnedVolatile } from '../scenario/propose/propose-volatile.ts'
import { type ObservedField, proposeFields } from './propose-fields.ts'

export interface LearnOptions {
  recording: Recording
  /** What all replays have in common. */
  job: Omit<ReplayJob, 'volatile' | 'on_divergence' | 'out'>
  pool: ReplayPool
  /** Folder for the recordings of the replays. */
  outDir: string
  /** Real-time budget of each replay, ms. */
  max_real_ms: number
}

/** How much later than the recorded run the clocks of the replays begin, ms: another day, hour, minute and second. */
export const SHIFT_MS = 11 * 86_400_000 + 5 * 3_600_000 + 17 * 60_000 + 43_000 + 219

/** How often what was learned is tried, and what still differs is added. */
const MOST_ROUNDS = 3

/**
 * Finds the fields of requests that change from run to run of one agent: replays it as it was recorded, and under another seed
 * and another clock, and compares what is asked. What a one-to-one renaming explains is none: that is found without being
 * declared. Never rejects.
 */
export async function learnVolatile(options: LearnOptions): Promise<LearnedVolatile> {
  const started = options.recording.run.started_at
  const worlds: Partial<ReplayJob>[] = [{}, { seed: 'another seed', started_at: started + SHIFT_MS }]
  const seen: Map<string, ObservedField>[] = []
  for (const [i, world] of worlds.entries()) {
    const result = await replayIn(options, world, [], `volatile-${i + 1}`)
    const problem = problemOf(result)
    if (problem !== null) return { fields: [], replays: i, problem }
    const replayed = await readReplay(options, result)
    if (replayed === null) return { fields: [], replays: i, problem: 'its replay left no recording' }
    seen.push(observe(options.recording, replayed, null))
  }
  let fields = proposeFields(seen)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const volatile = fields.filter(({ proposed }) => proposed).map(({ path }) => path)
    if (volatile.length === 0) break
    const known = new Set(fields.map(({ path }) => path))
    const more = await observeAgain(options, worlds, volatile, known)
    if (more === null) break
    const added = proposeFields(more).filter(({ path }) => !known.has(path))
    if (added.length === 0) break
    fields = [...fields, ...added]
  }
  return { fields, replays: worlds.length, problem: null }
}

/** What still differs although some fields are ignored; null when all is answered. */
async function observeAgain(
  options: LearnOptions,
  worlds: Partial<ReplayJob>[],
  volatile: string[],
  known: ReadonlySet<string>,
): Promise<Map<string, ObservedField>[] | null> {
  const seen: Map<string, ObservedField>[] = []
  let isDone = true
  for (const [i, world] of worlds.entries()) {
    const result = await replayIn(options, world, volatile, `volatile-${i + 1}`)
    const replayed = await readReplay(options, result)
    if (replayed === null) return null
    if (result.divergences.length > 0) isDone = false
    seen.push(observe(options.recording, replayed, known))
  }
  return isDone ? null : seen
}

function replayIn(
  { job, pool, outDir, max_real_ms }: LearnOptions,
  world: Partial<ReplayJob>,
  volatile: string[],
  name: string,
) {
  const out = join(outDir, `${name}.jsonl`)
  return pool.replay({ ...job, ...world, volatile, on_divergence: 'stale', out, label: name }, max_real_ms)
}

function readReplay({ recording }: LearnOptions, { recording: path }: ReplayResult): Promise<Recording | null> {
  if (path === null) return Promise.resolve(null)
  return readRecording(path, { mode: 'prefix', base: recording }).catch(() => null)
}

/** Why a replay shows nothing. One that stopped at a question to nobody still shows what was asked before. */
function problemOf({ end, divergences }: ReplayResult): string | null {
  if ('failure' in end && end.outcome !== 'timeout') return end.failure
  if (end.outcome === 'finished' && end.agent_error !== null && divergences.length === 0) {
    return `it threw ${end.agent_error.name}: ${end.agent_error.message}`
  }
  return null
}

/**
 * The fields in which what was asked differs from what was recorded, without those that a renaming explains.
 *
 * @param known Fields that were ignored: then only calls that have no answer all the same count, and where nothing else sets
 * them apart, also what a renaming might have explained. Null when none were.
 */
function observe(
  recording: Recording,
  replayed: Recording,
  known: ReadonlySet<string> | null,
): Map<string, ObservedField> {
  const found = new Map<string, ObservedField>()
  const recorded = new Map(recording.interactions.map((one) => [one.id, one]))
  for (const interaction of replayed.interactions) {
    const source = recorded.get(interaction.evidence?.source ?? '')
    if (source === undefined || interaction.evidence?.grade !== 'stale') continue
    const fields = fieldsBetween(source, interaction).filter(({ shown }) => !isKnown(shown, known))
    const plain = fields.filter(({ recorded: from, replayed: to }) => !isRenaming(from, to))
    for (const field of plain.length > 0 || known === null ? plain : fields) {
      if (!found.has(field.shown)) found.set(field.shown, field)
    }
  }
  return found
}

/** Whether a field was ignored, by its own path or by one for all elements of its list. */
function isKnown(shown: string, known: ReadonlySet<string> | null): boolean {
  return known !== null && (known.has(shown) || known.has(shown.replace(/\[\d+\]/g, '[*]')))
}

function fieldsBetween(source: Interaction, interaction: Interaction): ObservedField[] {
  const [was, is] = [source, interaction].map((one) => canonicaliseInteraction(one).content) as [JsonObject, JsonObject]
  return differencesOf(was, is).map(({ path, recorded, asked, reordered }) => ({
    path: asVolatilePath(showPath(path)),
    shown: showPath(path),
    recorded: printValue(recorded),
    replayed: printValue(asked),
    isWhole: recorded === undefined || asked === undefined || reordered === true,
  }))
}

function printValue(value: JsonValue | undefined): string {
  return value === undefined ? '(absent)' : JSON.stringify(value)
}

/** Whether all that sets two values apart is what programs generate, and so may be renamed. */
function isRenaming(recorded: string, asked: string): boolean {
  const [was, is] = [shapeOf(recorded), shapeOf(asked)]
  return was.tokens.length > 0 && was.text === is.text
}
