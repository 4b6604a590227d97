import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { findConcurrentGroups } from '../../src/replay/order/concurrent-groups.ts'
import { listOrders } from '../../src/replay/order/list-orders.ts'
import { isOrderMet, resolveOrder } from '../../src/replay/order/resolve-order.ts'
import { modelEvents } from '../faults/wire.ts'
import { fixture, type LiveRun, openCourt, outputOf, type Replay } from './court.ts'

const court = openCourt()

/** Answers after as many ms as it is told. */
const server = createServer(async (request, response) => {
  let body = ''
  for await (const piece of request) body += String(piece)
  const path = request.url ?? '/'
  const ms = Number(/ms=(\d+)/.exec(body + path)?.[1] ?? 1)
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  if (path.startsWith('/v1')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of modelEvents(path, ['one', 'two', 'three', 'four', 'five'])) {
      await pause()
      response.write(event)
    }
    response.end()
    return
  }
  await pause()
  response.end(`answer to ${path}`)
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  court.close()
  server.closeAllConnections()
  server.close()
})

const record = (name: string): Promise<LiveRun> =>
  court.record(fixture('at-once', name), { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })

/** The name of the tool that a call asked, or `stream`. */
function nameOf(live: LiveRun, id: string | undefined): string {
  const call = live.recording.interactions.find((one) => one.id === id) as HttpInteraction
  return /\/tool\/(\w+)/.exec(call.request.url)?.[1] ?? 'stream'
}

const told = (replay: Replay): { order: string[]; winner?: string } => outputOf(replay) as never

async function replayEach(name: string, live: LiveRun): Promise<[string[], Replay][]> {
  const [group] = findConcurrentGroups(live.recording)
  if (group === undefined) throw new Error('no calls were in flight together')
  const replays: [string[], Replay][] = []
  for (const order of listOrders(group)) {
    const replay = await court.replay(fixture('at-once', name), live, { order })
    expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
    expect(new Set(replay.grades)).toEqual(new Set(['exact']))
    replays.push([order, replay])
  }
  return replays
}

for (const name of ['all', 'race']) {
  test(`every order of the answers can be had, given ${name} of three tools`, async () => {
    const live = await record(name)
    const replays = await replayEach(name, live)
    expect(replays).toHaveLength(6)
    for (const [order, replay] of replays) {
      const names = order.map((id) => nameOf(live, id))
      expect(told(replay).order.slice(0, 3)).toEqual(names)
      if (name === 'race') expect(told(replay).winner).toContain(`/tool/${names[0]}`)
      expect(isOrderMet(resolveOrder(live.recording, order), replay.replayed?.interactions ?? [])).toBe(true)
    }
  })
}

test('the stream ends before or after the tool that it asked for, given both orders', async () => {
  const live = await record('streaming')
  const replays = await replayEach('streaming', live)
  expect(replays.map(([order]) => order.map((id) => nameOf(live, id)))).toEqual(
    replays.map(([, replay]) => told(replay).order),
  )
  expect(replays).toHaveLength(2)
})

test('calls that follow from answers follow from them in every order, given two at a time', async () => {
  const live = await record('limited')
  for (const [order, replay] of await replayEach('limited', live)) {
    expect(outputOf(replay)).toMatchObject({ results: (live.output as { results: unknown }).results })
    const met = isOrderMet(resolveOrder(live.recording, order), replay.replayed?.interactions ?? [])
    const asked = order.map((id) => nameOf(live, id))
    // Who is third in line is called by whoever is first: another call than the recorded one may be.
    expect(met).toBe(JSON.stringify(told(replay).order) === JSON.stringify(asked) || asked.join() === '1,2,3,4')
  }
})

test('two replays are equal to the byte, and say what was changed, given the same order', async () => {
  const live = await record('all')
  const replays = [1, 2].map(() => court.replay(fixture('at-once', 'all'), live, { order: { seed: 'seed 3' } }))
  const [one, two] = await Promise.all(replays)
  const bytes = [one, two].map((replay) => readFileSync(replay?.recording ?? ''))
  expect(bytes[1]?.equals(bytes[0] as Buffer)).toBe(true)
  expect(one?.replayed?.notes).toEqual([expect.objectContaining({ code: 'reordered' })])
  expect(await court.replay(fixture('at-once', 'all'), live)).toMatchObject({ replayed: { notes: [] } })
})

test('an order that cannot be ends the replay before it begins, given a call that the recording has not', async () => {
  const live = await record('all')
  const replay = await court.replay(fixture('at-once', 'all'), live, { order: ['c1', 'c77'] })
  expect(replay.end).toMatchObject({ outcome: 'harness_error', code: 'ERR_REPLAY_ORDER' })
})
