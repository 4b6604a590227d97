import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openCourt, outputOf, type Replay } from './court.ts'

const court = openCourt()
afterAll(() => court.close())

const DRAWING = court.agent(`
import http from 'node:http'
import { randomUUID } from 'node:crypto'
import { tool } from '${new URL('../../src/index.ts', import.meta.url).href}'
const loaded = [Math.random(), randomUUID()]
const lucky = tool('lucky', async () => Math.random())
const ask = (base) => new Promise((resolve, reject) =>
  http.get(base + '/?draw=' + Math.random(), (response) => response.resume().on('end', resolve)).on('error', reject))
export async function run({ base, more = 0 }) {
  for (let i = 0; i < more; i++) Math.random()
  const first = [Math.random(), randomUUID()]
  const tool = await lucky()
  await ask(base)
  await new Promise((resolve) => setTimeout(resolve, 1))
  return { loaded: loaded.length, first, tool, last: [Math.random(), crypto.randomUUID()] }
}
`)

async function recordDraws() {
  const { createServer } = await import('node:http')
  const server = createServer((_request, response) => response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    return await court.record(DRAWING, { base: `http://127.0.0.1:${port}` })
  } finally {
    server.close()
  }
}

test('the run draws what it drew when it was recorded, given an agent that draws for itself, in a tool and over node:http', async () => {
  const live = await recordDraws()
  const replay = await court.replay(DRAWING, live)
  expect(replay.outcome).toBe('finished')
  expect(outputOf(replay)).toEqual(live.output)
  expect(replay.grades).toEqual(['exact', 'exact'])
  expect(replay.replayed?.chance).toEqual(live.recording.chance)
  expect(live.recording.chance).toMatchObject({ scope: 'run', random: { length: 3 }, uuids: { length: 2 } })
})

test('draws beyond the recorded ones follow from the id of the run, given an agent that draws more', async () => {
  const live = await recordDraws()
  const input = { ...(live.recording.input as object), more: 2 }
  const [one, two] = [await court.replay(DRAWING, live, { input }), await court.replay(DRAWING, live, { input })]
  expect(one.outcome).toBe('diverged')
  expect(one.replayed?.chance).toEqual(two.replayed?.chance)
  expect(one.replayed?.chance?.random.slice(0, 3)).toEqual(live.recording.chance?.random)
  expect(one.replayed?.chance?.random).toHaveLength(4)
})

test('all draws follow from the seed, given one', async () => {
  const live = await recordDraws()
  const replays: Replay[] = []
  for (const seed of ['7', '7', '8']) replays.push(await court.replay(DRAWING, live, { seed, on_divergence: 'stale' }))
  const [one, same, other] = replays.map(({ recording }) => readFileSync(recording ?? '', 'utf8'))
  expect(one).toBe(same)
  expect(one).not.toBe(other)
  expect(replays[0]?.replayed?.chance?.random).toHaveLength(3)
  expect(replays[0]?.replayed?.chance?.random).not.toEqual(live.recording.chance?.random)
})
