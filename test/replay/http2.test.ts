import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Interaction } from '../../src/model/interaction.ts'
import { type Court, fixture, type LiveRun, openCourt, outputOf } from './court.ts'
import type { Http2Input } from './fixtures/over-http2.ts'
import { type Http2World, startHttp2World } from './start-http2-world.ts'

let court: Court
let worlds: Http2World[]
let nobody: string
const runs: LiveRun[] = []

beforeAll(async () => {
  court = openCourt()
  worlds = [await startHttp2World(false), await startHttp2World(true)]
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  nobody = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  await new Promise((resolve) => server.close(resolve))
  for (const { base } of worlds) runs.push(await court.record(fixture('over-http2'), { base, nobody }))
})
afterAll(() => {
  court.close()
  for (const world of worlds) world.close()
})

/** How an interaction ended, without when. */
function endOf({ end }: Interaction): unknown {
  return [end?.kind, end?.error?.name, end?.error?.message]
}

test.each([0, 1])(
  'a client of HTTP/2 meets in a replay what it met for real, event by event, given world %i',
  async (which) => {
    const run = runs[which] as LiveRun
    const before = worlds.map(({ contacts }) => contacts())
    expect(run.error).toBeUndefined()
    expect(run.recording.notes).toEqual([])
    const replay = await court.replay(fixture('over-http2'), run)
    expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
    const output = outputOf(replay) as Record<string, string[]>
    for (const [way, log] of Object.entries(run.output as Record<string, string[]>)) {
      expect({ way, log: output[way] }).toEqual({ way, log })
    }
    expect(new Set(replay.grades)).toEqual(new Set(['exact']))
    expect(replay.replayed?.interactions.map(endOf)).toEqual(run.recording.interactions.map(endOf))
    expect(replay.divergences).toEqual([])
    expect(replay.egress).toEqual([])
    expect(worlds.map(({ contacts }) => contacts())).toEqual(before)
  },
)

test('a recording over HTTP/2 holds each request with its answer and end, and no secret', () => {
  const [run] = runs as [LiveRun]
  const lines = run.recording.interactions.map((one) => {
    if (one.kind !== 'http') return one.kind
    const count = one.answer?.chunks.length ?? 'no'
    const chunks = Number(count) > 9 ? 'many' : count
    return `${one.door} ${one.request.method} ${new URL(one.request.url).pathname} ${one.answer?.status} ${chunks} ${one.end?.kind} ${one.end?.error?.message.replace(/:\d+/, '') ?? ''}`
  })
  expect(lines).toMatchInlineSnapshot(`
    [
      "http2 GET /get 200 1 complete ",
      "http2 POST /echo 200 1 complete ",
      "http2 POST /large 200 many complete ",
      "http2 HEAD /get 200 0 complete ",
      "http2 POST /empty 204 0 complete ",
      "http2 POST /pieces 200 3 complete ",
      "http2 POST /coded 200 1 complete ",
      "http2 POST /trailers 200 1 complete ",
      "http2 POST /early 200 1 complete ",
      "http2 POST /reset-head undefined no failed Stream closed with error code NGHTTP2_INTERNAL_ERROR",
      "http2 POST /reset 200 1 cut Stream closed with error code NGHTTP2_INTERNAL_ERROR",
      "http2 POST /cancel 200 1 cut Stream closed with error code NGHTTP2_CANCEL",
      "http2 POST /echo 200 1 complete ",
      "http2 POST /silence undefined no aborted ",
      "http2 POST /drip 200 2 aborted ",
      "http2 GET /silence undefined no aborted The operation was aborted",
      "http2 POST /silence undefined no aborted idle",
      "http2 POST /silence undefined no aborted The stream was idle for too long",
      "http2 POST /slow/3 200 1 complete ",
      "http2 POST /slow/2 200 1 complete ",
      "http2 POST /slow/1 200 1 complete ",
      "http2 POST /cut 200 1 cut Stream closed with error code NGHTTP2_CANCEL",
      "http2 GET /get undefined no failed The pending stream has been canceled (caused by: connect ECONNREFUSED 127.0.0.1)",
    ]
  `)
  expect(JSON.stringify(run.recording)).not.toContain('sk-secret')
})

test('the replay stops at a question that was not asked, given another body over HTTP/2', async () => {
  const [run] = runs as [LiveRun]
  const input = { base: worlds[0]?.base ?? '', nobody, only: ['get', 'post'], question: 'why' } satisfies Http2Input
  const replay = await court.replay(fixture('over-http2'), run, { input })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.divergences).toMatchObject([{ step: 2, kind: 'request_changed' }])
  expect(replay.egress).toEqual([])
})

test('a connection to a host that the recording does not know is refused and counted, given HTTP/2', async () => {
  const run = await court.record(fixture('over-http2', 'connectOnly'), { base: worlds[0]?.base, nobody })
  expect(run.output).toBe('connected')
  const before = worlds[0]?.contacts()
  const replay = await court.replay(fixture('over-http2', 'connectOnly'), run)
  expect(outputOf(replay)).toBe('failed EACCES')
  expect(replay.egress).toMatchObject([{ layer: 'tcp', target: new URL(worlds[0]?.base ?? '').host }])
  expect(worlds[0]?.contacts()).toBe(before)
})

test('a connection of HTTP/2 that is idle for as long as the client allows tells so, unless it keeps no process alive', async () => {
  const source = (idle: string): string => `
    import { once } from 'node:events'
    import http2 from 'node:http2'
    export const run = async ({ base }: { base: string }) => {
      const session = http2.connect(base)
      const stream = session.request({ ':path': '/get' })
      const ready = once(stream, 'ready').then(() => 'ready ' + stream.id)
      const early = [session.connecting, stream.pending]
      stream.resume()
      await once(stream, 'close')
      const log = [...early, await ready]
      ${idle}
      return log
    }`
  const wait = `await new Promise((resolve) => session.setTimeout(300, () => session.close(() => resolve(log.push('idle')))))`
  const agent = court.agent(source(wait))
  const live = await court.record(agent, { base: worlds[0]?.base })
  expect(live.output).toEqual([true, true, 'ready 1', 'idle'])
  expect(outputOf(await court.replay(agent, live))).toEqual(live.output)
  const stuck = await court.replay(court.agent(source(`session.unref(); ${wait}`)), live)
  expect(stuck.outcome).toBe('deadlock')
})
