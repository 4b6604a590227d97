import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { type Court, type LiveRun, openCourt, outputOf } from './court.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
})
afterAll(async () => {
  court.close()
  await world.close()
})

/** Asks the same three times, and waits so long in between. */
const AGENT = `
  export async function run({ url, waits }, params) {
    const statuses = []
    for (const wait of [0, ...(params?.waits ?? waits)]) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      const response = await fetch(url, { method: 'POST', body: '{"question":"the same"}' })
      await response.text()
      statuses.push(response.status)
    }
    return statuses
  }`

/** A run that was refused with the given header each time, whatever it waited. */
async function refused(header: readonly [string, string], status = 429, waits = [20, 20]): Promise<LiveRun> {
  const live = await court.record(court.agent(AGENT), { url: `${world.origin}/busy`, waits })
  const recording = structuredClone(live.recording)
  for (const one of recording.interactions as HttpInteraction[]) {
    if (one.answer === null) continue
    const others = one.answer.headers.filter(([name]) => !name.startsWith('retry-after'))
    one.answer.headers = [...others, [...header]]
    one.answer.status = status
  }
  return court.save(recording)
}

const inSeconds = ['retry-after', '20'] as const

test('takes a refusal for no evidence given a client that waits until the time that the refusal before it named', async () => {
  const run = await refused(inSeconds)
  const waits = async (...waits: number[]) =>
    (await court.replay(court.agent(AGENT), run, { params: { waits } })).grades
  expect(await waits(20, 20)).toEqual(['exact', 'exact', 'exact'])
  expect(await waits(0, 0)).toEqual(['exact', 'exact', 'exact'])
  expect(await waits(10_000, 0)).toEqual(['exact', 'exact', 'exact'])
  expect(await waits(20_000, 0)).toEqual(['exact', 'beyond', 'beyond'])
  expect(await waits(10_000, 10_000)).toEqual(['exact', 'exact', 'beyond'])
})

test.each([
  ['seconds on 503', inSeconds, 503],
  ['seconds on 529', inSeconds, 529],
  ['milliseconds', ['retry-after-ms', '20000'], 429],
  ['a date', ['retry-after', new Date(Date.now() + 60_000).toUTCString()], 429],
] as const)('knows when to ask again given %s', async (_title, header, status) => {
  const run = await refused(header, status)
  const replay = await court.replay(court.agent(AGENT), run, { params: { waits: [100_000, 0] } })
  expect(replay.grades).toEqual(['exact', 'beyond', 'beyond'])
  expect(outputOf(replay)).toEqual([status, status, status])
  const [, second] = replay.replayed?.interactions ?? []
  expect(second?.evidence?.note).toContain('Retry-After')
})

test.each([
  ['a recorded client that waited as long too', ['retry-after-ms', '150'], 429, [200, 200]],
  ['no time that is named', ['x-nothing', '1'], 429, [20, 20]],
  ['an answer that is no refusal', inSeconds, 200, [20, 20]],
  ['a time that makes no sense', ['retry-after', 'soon'], 429, [20, 20]],
] as const)('takes the recorded answers for exact given %s', async (_title, header, status, recorded) => {
  const run = await refused(header, status, [...recorded])
  const replay = await court.replay(court.agent(AGENT), run, { params: { waits: [30_000, 30_000] } })
  expect(replay.grades).toEqual(['exact', 'exact', 'exact'])
})

test('takes the recorded answers for exact given a refusal that a world made up', async () => {
  const run = await refused(inSeconds)
  const recording = structuredClone(run.recording)
  for (const { id, started_ms } of recording.interactions) {
    const data = { interaction: id, fault: '429-retry-after' }
    recording.notes.push({ at_ms: started_ms, code: 'fault_injected', message: 'made up', data })
  }
  const params = { waits: [30_000, 30_000] }
  const replay = await court.replay(court.agent(AGENT), court.save(recording), { params })
  expect(replay.grades).toEqual(['exact', 'exact', 'exact'])
})
