import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, openCourt } from '../../replay/court.ts'
import { type PlannedCall, recordingOf } from './build-recording.ts'

let court: Court
beforeAll(() => {
  court = openCourt()
})
afterAll(() => court.close())

const agent = (name: string) => ({ module: join(import.meta.dirname, 'fixtures/incident.ts'), export: name })

const RUNS = 25

const INCIDENT: PlannedCall[] = [
  { path: '/limited', started: 0, status: 429, headers: { 'retry-after': '20' }, head: 800 },
  { path: '/limited', started: 20_800, head: 1_800, pieces: [[1_800, 'at last']] },
  { path: '/busy', started: 22_600, status: 503, head: 100 },
  { path: '/busy', started: 23_200, status: 503, head: 100 },
  { path: '/busy', started: 24_300, head: 100.5, pieces: [[100.75, 'ready']] },
  { path: '/slow', started: 24_400.75, head: null, aborted: 10_000 },
  { path: '/quick', started: 26_400.75, head: 3_999.25, pieces: [[4_000.25, 'quick']] },
  {
    path: '/stream',
    started: 34_400.75,
    head: 500,
    pieces: Array.from({ length: 12 }, (_, i) => [500 + i * 250, `piece ${i}`]),
  },
]

const TIMELINE = [
  [22_600, 'at last'],
  [24_400, 'ready'],
  [30_401, 'quick'],
  [34_400, 'TimeoutError'],
  [34_900, 'head'],
  ...Array.from({ length: 12 }, (_, i) => [34_900 + i * 250, `piece ${i}`]),
]

test('every latency is the recorded one and every replay the same to the byte given waits of all kinds', async () => {
  const run = court.save(recordingOf(INCIDENT))
  const seen = new Set<string>()
  for (let i = 0; i < RUNS; i++) {
    const { end, replayed, grades, recording, egress } = await court.replay(agent('run'), run)
    expect(end).toEqual({ outcome: 'finished', agent_error: null })
    expect(grades).toEqual(INCIDENT.map(() => 'exact'))
    expect(egress).toEqual([])
    expect(replayed?.finish?.output).toEqual(TIMELINE)
    expect(replayed?.interactions.map(({ started_ms }) => started_ms)).toEqual(INCIDENT.map(({ started }) => started))
    seen.add(readFileSync(recording ?? '', 'utf8'))
  }
  expect(seen.size).toBe(1)
}, 120_000)

test('an incident of ten minutes is replayed with its recorded latencies, always the same', async () => {
  const calls = Array.from({ length: 58 }, (_, i): PlannedCall => {
    const last = i === 57
    return {
      path: `/job?poll=${i + 1}`,
      started: i * 10_350,
      head: 340,
      pieces: [[350, last ? 'done' : 'working']],
    }
  })
  const run = court.save(recordingOf(calls))
  const seen = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const { replayed, virtual_ms, recording } = await court.replay(agent('poll'), run)
    expect(replayed?.finish?.output).toEqual({ polls: 58, beats: 84, took: 590_300 })
    expect(virtual_ms).toBe(590_300)
    seen.add(readFileSync(recording ?? '', 'utf8'))
  }
  expect(seen.size).toBe(1)
}, 120_000)
