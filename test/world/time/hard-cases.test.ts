import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, openCourt, outputOf } from '../../replay/court.ts'
import { recordingOf } from './build-recording.ts'

let court: Court
let contacts = 0
const server = createServer((_request, response) => response.end('real'))
server.on('connection', () => contacts++)
beforeAll(async () => {
  court = openCourt()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  court.close()
  server.close()
})

/** What comes first and after how much virtual time; or what the verdict is told instead. */
type Expected = [first: unknown, elapsed: number] | { refused: string } | { diverged: true }

const WON: Expected = ['work won', 0]

const CASES: Record<string, Expected> = {
  'reading a large file': WON,
  'gzip of 8 MB': WON,
  scrypt: WON,
  'a digest of Web Crypto': WON,
  'a child process': { refused: 'child_process' },
  '200 immediates': WON,
  '5,000 microtasks and ticks': WON,
  'a ping-pong of 20 messages': WON,
  'a compression stream of 4 MB': WON,
  'a dynamic import': WON,
  'fetch of an answer after 5 s': ['slow', 5_500],
  'http.get of an answer after 5 s': ['slow', 5_500],
  'a time-out of axios': ['ECONNABORTED', 3_000],
  'a time-out of axios over fetch': ['ETIMEDOUT', 3_000],
  'a time-out of got': ['ETIMEDOUT', 3_000],
  'a time-out of http.get': ['timeout', 3_000],
  'a time-out by signal over node:http': ['ERR_CANCELED', 3_000],
  'the first of several signals': ['TimeoutError', 3_000],
  'timers/promises, imported late': ['slept', 3_000],
  'a promisified timer': ['slept', 3_000],
  'a timer captured as the agent was loaded': ['fired', 300],
  'a heartbeat beside a call': ['5 beats', 5_500],
  'a server of the machine': { diverged: true },
  'a worker thread': { refused: 'worker' },
}

test.each(Object.entries(CASES))(
  'the order is right, or the verdict is told why there is none, given %s',
  async (name, expected) => {
    const run = court.save({
      ...recordingOf([{ path: '/slow', started: 0, head: 4_800, pieces: [[5_500, 'slow']] }]),
      input: name,
    })
    const { port } = server.address() as AddressInfo
    const replay = await court.replay({ module: `${import.meta.dirname}/fixtures/hard-cases.ts`, export: 'run' }, run, {
      extra_env: { REAL_SERVER: `http://127.0.0.1:${port}/` },
    })
    expect(contacts).toBe(0)
    if ('diverged' in expected) {
      expect(replay.outcome).toBe('diverged')
      expect(replay.divergences).toMatchObject([{ grade: 'none' }])
    } else if ('refused' in expected) {
      expect(replay.egress).toMatchObject([
        { layer: expected.refused, at: expect.stringMatching(/hard-cases\.ts:\d+:\d+$/) },
      ])
      expect(JSON.stringify(outputOf(replay) ?? replay.end)).not.toContain('time-out won')
    } else {
      expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
      expect(outputOf(replay)).toEqual(expected)
      expect(replay.egress).toEqual([])
    }
  },
)
