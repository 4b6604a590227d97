/** What libraries that answer in the place of the network are known to get wrong: one test each. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, openCourt, outputOf } from '../replay/court.ts'
import { type LocalServer, serve } from '../support/serve.ts'
import { JSON_TYPE, modelAnswer, modelError, modelEvents } from './wire.ts'

const court = openCourt()
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const asked = new Map<string, number>()
let origin = ''
let contacts = 0

async function stream(path: string, response: ServerResponse, cut: boolean): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of modelEvents(path, ['one', 'two', 'three', 'four'])) {
    if (response.destroyed) return
    response.write(event)
    await pause(30)
    if (cut) return void response.destroy()
  }
  response.end()
}

const ANSWERS: Record<string, (response: ServerResponse, attempt: number, path: string) => unknown> = {
  '/stream': (response, _, path) => stream(path, response, false),
  '/cut': (response, _, path) => stream(path, response, true),
  '/busy': (response, attempt, path) =>
    attempt === 1
      ? response.writeHead(429, { ...JSON_TYPE, 'retry-after': '1' }).end(modelError(path, 'rate_limit_error', 'busy'))
      : response.writeHead(200, JSON_TYPE).end(modelAnswer(path)),
  '/flaky': (response, attempt) => response.writeHead(attempt === 1 ? 503 : 200).end('flaky'),
  '/length': (response) => response.writeHead(200, { 'content-length': 5 }).end('whole'),
  '/never': () => undefined,
  '/empty': (response) => response.writeHead(200, { 'content-length': 0 }).end(),
  '/none': (response) => response.writeHead(204).end(),
  '/unchanged': (response) => response.writeHead(304).end(),
  '/moved': (response) => response.writeHead(302, { location: '/binary' }).end(),
  '/binary': (response) => response.end(Uint8Array.from({ length: 1_000 }, (_, i) => i)),
  '/gzip': (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync('zipped'.repeat(99))),
  '/huge': (response) => response.writeHead(200, { 'x-huge': 'x'.repeat(12_000) }).end(),
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  contacts++
  const path = request.url ?? '/'
  const start = /^\/\w+/.exec(path)?.[0] ?? '/'
  const attempt = (asked.get(path) ?? 0) + 1
  asked.set(path, attempt)
  request.resume()
  if (path.startsWith('/v1/')) return stream(path, response, false)
  await pause(Number(/ms=(\d+)/.exec(path)?.[1] ?? 1))
  const special = ANSWERS[start]
  if (special === undefined) response.end(`answer to ${path}`)
  else special(response, attempt, path)
}

let server: LocalServer
beforeAll(async () => {
  server = await serve(answer)
  origin = server.origin
})
afterAll(() => {
  court.close()
  server.close()
})

const agent = (name: string): Agent => ({ module: join(import.meta.dirname, 'fixtures/traps.ts'), export: name })

/** What the live run has to have met at least, so that the trap was there. */
const TRAPS: [name: string, given: string, met: RegExp][] = [
  ['abortMidStream', 'a client that aborts within a stream', /AbortError.*RangeError.*enough/],
  ['abortMidStreamOfSdks', 'SDKs whose stream is aborted', /"events":2.*"events":2/],
  ['cutStream', 'a connection that is cut within a stream', /terminated.*UND_ERR_SOCKET/],
  ['retryAfter429', 'a client that cancels the body of a 429 and tries again', /Hello.*true,429,200/],
  ['builtBefore', 'clients and functions taken before anything was armed', /early.*named.*/],
  ['ownAgents', 'npm undici with agents of its own', /(own\?without.*){3}own.*own.*own.*200/],
  ['keepAliveHeader', 'node:http with a header that keeps the connection', /"status":200.*"reused":true/],
  ['pipelining', 'requests that are pipelined on one connection', /ms=40.*ms=5.*ms=20.*ms=1/],
  ['collectedSignals', 'signals whose copies were collected', /AbortError.*AbortError.*AbortError.*TimeoutError/],
  ['earlyTimeouts', 'timers by every name that a module can import', /promised.*named.*early.*signal/],
  ['shapes', 'empty, binary, coded and moved bodies and huge heads', /204.*304.*12000/],
]

for (const [name, given, met] of TRAPS) {
  test(`a replay gives what the run gave, and stays offline, given ${given}`, async () => {
    const live = await court.record(agent(name), { origin })
    expect(live.error).toBeUndefined()
    expect(JSON.stringify(live.output)).toMatch(met)
    const before = contacts
    const [one, two] = await Promise.all([court.replay(agent(name), live), court.replay(agent(name), live)])
    expect(one.end).toEqual({ outcome: 'finished', agent_error: null })
    expect(outputOf(one)).toEqual(live.output)
    expect(outputOf(two)).toEqual(live.output)
    expect(new Set(one.grades)).toEqual(new Set(['exact']))
    expect(one.egress).toEqual([])
    expect(contacts).toBe(before)
  })
}
