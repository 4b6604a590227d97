import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCourt, outputOf } from '../replay/court.ts'
import { type LocalServer, serve } from '../support/serve.ts'

const court = openCourt()
let server: LocalServer

beforeAll(async () => {
  server = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    request.resume()
    request.once('end', () => setTimeout(() => response.end(pathname), Number(searchParams.get('ms') ?? 0)))
  })
})

afterAll(() => {
  court.close()
  server.close()
})

/** An agent that tells what it saw; `ask` gives when the answer was there, in spans of 400 ms. */
const agentOf = (body: string) =>
  court.agent(`
    import http from 'node:http'
    import { once } from 'node:events'
    let began = 0
    const now = () => Math.round((performance.now() - began) / 400)
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    const ask = (url: string, options: http.RequestOptions) => new Promise((resolve) => {
      const request = http.get(url, options, (response) => {
        response.resume()
        response.on('end', () => resolve(now()))
      })
      request.on('timeout', () => request.destroy())
      request.on('error', (error) => resolve(error.name))
    })
    export const run = async ({ origin }: { origin: string }) => {
      began = performance.now()
      ${body}
    }`)

/** So often a run is recorded again that a busy machine made late. */
const MOST_RUNS = 8

/** Records the agent until it saw what it should, and replays that run. */
async function runBoth(
  body: string,
  expected: unknown,
): Promise<{ replayed: unknown; grades: unknown; calls: number }> {
  const agent = agentOf(body)
  let live = await court.record(agent, { origin: server.origin })
  for (let runs = 1; runs < MOST_RUNS && !isDeepStrictEqual(live.output, expected); runs++) {
    live = await court.record(agent, { origin: server.origin })
  }
  expect(live.output).toEqual(expected)
  const replay = await court.replay(agent, live)
  return { replayed: outputOf(replay), grades: replay.grades, calls: live.recording.interactions.length }
}

test('a request that waits for the one connection of its agent is not made to wait for that twice', async () => {
  const expected = [1, 2, 3]
  const { replayed } = await runBoth(
    `
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    return Promise.all(['/a?ms=400', '/b?ms=400', '/c?ms=400'].map((path) => ask(origin + path, { agent, timeout: 900 })))`,
    expected,
  )
  expect(replayed).toEqual(expected)
})

test('a request that was given up before it had a connection is no evidence for another that had one', async () => {
  const expected = ['AbortError', 1, 1]
  const { replayed, grades, calls } = await runBoth(
    `
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const first = ask(origin + '/a?ms=400', { agent })
    const given = await ask(origin + '/b', { agent, signal: AbortSignal.timeout(100) })
    return [given, await first, await ask(origin + '/b', { agent })]`,
    expected,
  )
  expect(replayed).toEqual(expected)
  expect([calls, grades]).toEqual([2, ['exact', 'exact']])
})

test('an answer to a request that was long in being written comes as soon after it as it did', async () => {
  const expected = 3
  const { replayed } = await runBoth(
    `
    const request = http.request(origin + '/up?ms=400', { method: 'POST', agent: new http.Agent() })
    const answered = once(request, 'response')
    for (let i = 0; i < 2; i++) {
      request.write('piece')
      await wait(400)
    }
    request.end()
    const [response] = await answered
    response.resume()
    return now()`,
    expected,
  )
  expect(replayed).toEqual(expected)
})

test('events of a connection come in the order of Node, to one that looks at it a moment later', async () => {
  const expected = ['request finish', 'socket connect', 'socket ready', 'request close', 'socket close false']
  const { replayed } = await runBoth(
    `
    const seen: string[] = []
    const note = (source: NodeJS.EventEmitter, name: string, events: string[]) => {
      for (const event of events) source.on(event, (value) => seen.push([name, event, ...(typeof value === 'boolean' ? [value] : [])].join(' ')))
    }
    const request = http.get(origin + '/last?ms=400', { agent: new http.Agent() })
    note(request, 'request', ['finish', 'response', 'close'])
    request.on('error', () => {})
    const [socket] = await once(request, 'socket')
    note(socket, 'socket', ['connect', 'ready', 'close'])
    await once(socket, 'connect')
    setTimeout(() => socket.destroy(), 100)
    await new Promise((resolve) => request.once('close', resolve))
    return seen`,
    expected,
  )
  expect(replayed).toEqual(expected)
})
