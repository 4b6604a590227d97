import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Interaction } from '../../../src/model/interaction.ts'
import { readRecording } from '../../../src/recording/read-recording.ts'
import { type Court, openCourt, type Replay } from '../../replay/court.ts'

let court: Court
beforeAll(() => {
  court = openCourt()
})
afterAll(() => court.close())

const FIXTURES = join(import.meta.dirname, 'fixtures')

/** Most that the recorded agent spent on its own between an answer and its next call, or was late with a timer, ms. */
const LIVE_OVERHEAD_MS = 500

/** Recorded live and in full length by `fixtures/record-incidents.ts`. */
async function openIncident(name: string) {
  const path = join(FIXTURES, `${name}.jsonl`)
  const recording = await readRecording(path)
  return { path, recording }
}

const latenciesOf = (interactions: readonly Interaction[]): unknown[] =>
  interactions.map((one) =>
    one.kind === 'http' && one.answer !== null
      ? [one.answer.headers_ms, one.answer.chunks.map(([offset]) => offset), one.end?.offset_ms]
      : // When a client gives up is its own timer's to say, and no timer of the machine is exact.
        Math.floor((one.end?.offset_ms ?? 0) / 100) * 100,
  )

const endOf = ({ started_ms, end }: Interaction): number => started_ms + (end?.offset_ms ?? 0)

/** By how much each call came earlier after the one before it than it did in the recorded run, ms. */
function gapsSaved(recorded: readonly Interaction[], replayed: readonly Interaction[]): number[] {
  return recorded.slice(1).map((one, i) => {
    const [before, now, nowBefore] = [recorded[i], replayed[i + 1], replayed[i]] as Interaction[]
    if (before === undefined || now === undefined || nowBefore === undefined) return Number.NaN
    if (one.started_ms < endOf(before))
      return one.started_ms - before.started_ms - (now.started_ms - nowBefore.started_ms)
    return one.started_ms - endOf(before) - (now.started_ms - endOf(nowBefore))
  })
}

async function replayTwice(name: string, agent: string, times: number): Promise<Replay[]> {
  const incident = await openIncident(name)
  const module = { module: join(FIXTURES, 'waiting-agent.ts'), export: agent }
  const replays: Replay[] = []
  // One that is prepared ahead of time, one that is not, in turn.
  for (let i = 0; i < times; i += 2) {
    const prepared = court.prepare(module, incident)
    replays.push(await court.replay(module, incident), await prepared.run())
  }
  return replays
}

test.each([
  [
    'a rate limit of 20 s, two back-offs, a tool of 30 s given up after 10 s beside a quick one, and a stream',
    'waits',
    'run',
    12,
  ],
  ['polling for ten minutes with a heartbeat beside it', 'ten-minutes', 'poll', 6],
])(
  'every latency is the recorded one, every wait is as long as it was but for the work of the live agent, and every replay the same to the byte given %s',
  async (_what, name, agent, times) => {
    const { recording } = await openIncident(name)
    const replays = await replayTwice(name, agent, times)
    for (const { end, grades, egress, divergences, replayed } of replays) {
      expect(end).toEqual({ outcome: 'finished', agent_error: null })
      expect([grades, egress, divergences]).toEqual([recording.interactions.map(() => 'exact'), [], []])
      const { output, at_ms = 0 } = replayed?.finish ?? {}
      // The work of the live agent takes no virtual time, so a heart beats less often by as much.
      expect(output).toEqual(
        name === 'waits' ? recording.finish?.output : { polls: 56, beats: Math.floor(at_ms / 7_000) },
      )
      const interactions = replayed?.interactions ?? []
      expect(latenciesOf(interactions)).toEqual(latenciesOf(recording.interactions))
      for (const saved of gapsSaved(recording.interactions, interactions)) {
        expect(saved).toBeGreaterThanOrEqual(-1)
        expect(saved).toBeLessThan(LIVE_OVERHEAD_MS)
      }
      expect(at_ms).toBeLessThanOrEqual(recording.finish?.at_ms ?? 0)
    }
    expect(new Set(replays.map(({ recording: path }) => readFileSync(path ?? '', 'utf8'))).size).toBe(1)
  },
  180_000,
)
