import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, fixture, type LiveRun, openCourt, outputOf, type Replay } from './court.ts'

let court: Court
let live: LiveRun
let contacts = 0
let port = 0
const tcp = createServer((socket) => {
  contacts++
  socket.destroy()
})
const udp = createSocket('udp4').on('message', () => contacts++)

beforeAll(async () => {
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  port = (tcp.address() as { port: number }).port
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve))
  court = openCourt()
  live = await court.record(fixture('fugitive'), { way: null, port })
})
afterAll(() => {
  court.close()
  tcp.close()
  udp.close()
})

const flee = (way: string): Promise<Replay> => court.replay(fixture('fugitive'), live, { input: { way, port } })

const REFUSED: [way: string, layer: string, target: RegExp][] = [
  ['net.connect', 'tcp', /^127\.0\.0\.1:\d+$/],
  ['tls.connect', 'tcp', /^127\.0\.0\.1:\d+$/],
  ['http2', 'tcp', /^127\.0\.0\.1:\d+$/],
  ['WebSocket', 'tcp', /^127\.0\.0\.1:\d+$/],
  ['dgram', 'udp', /./],
  ['dns.lookup', 'dns', /^world\.invalid$/],
  ['dns.promises', 'dns', /^world\.invalid$/],
  ['curl', 'child_process', /^curl http/],
  ['node -e', 'child_process', /node/],
  ['shell', 'child_process', /curl http/],
  ['worker', 'worker', /fetch/],
]

test.each(REFUSED)(
  'the way out is refused, counted once and named given %s and a swallowed error',
  async (way, layer, target) => {
    const replay = await flee(way)
    expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
    expect(outputOf(replay)).toBe('all is well')
    expect(replay.egress).toMatchObject([{ layer, target: expect.stringMatching(target) }])
    expect(contacts).toBe(0)
  },
)

const CLIENTS = [
  'fetch',
  'fetch captured early',
  'undici',
  'undici of an early agent',
  'http.get',
  'http.request captured early',
]

test.each(CLIENTS)(
  'the replay stops at a call that was never recorded, and nobody hears of it, given %s',
  async (way) => {
    const replay = await flee(way)
    expect(replay.end).toEqual({ outcome: 'diverged' })
    expect(replay.divergences).toMatchObject([{ kind: 'new_request', request: `GET http://127.0.0.1:${port}/` }])
    expect(replay.egress).toEqual([])
    expect(contacts).toBe(0)
  },
)

test('the world is there to be reached given the same agent outside of a replay', async () => {
  await court.record(fixture('fugitive'), { way: 'net.connect', port })
  await court.record(fixture('fugitive'), { way: 'dgram', port })
  await expect.poll(() => contacts).toBe(2)
})
