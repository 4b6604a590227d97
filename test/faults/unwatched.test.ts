import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, openCourt, outputOf } from '../replay/court.ts'
import type { UnwatchedInput } from './fixtures/unwatched.ts'

const court = openCourt()
const sockets = new Set<Socket>()
const servers: Server[] = []
let connections = 0
let input: UnwatchedInput

beforeAll(async () => {
  const h2 = http2.createServer((_request, response) => response.end('over http2'))
  const ws = createServer()
  ws.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade']
    socket.write([...lines, `sec-websocket-accept: ${accept}`, '', ''].join('\r\n'))
  })
  const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'certificates', `${name}.pem`))
  const secure = http2.createSecureServer({ key: pem('key'), cert: pem('good') }, (request, response) =>
    response.end(`over http${request.httpVersion[0]}`),
  )
  for (const server of [h2 as unknown as Server, ws, secure as unknown as Server]) {
    servers.push(server)
    server.on('connection', (socket: Socket) => {
      connections++
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const [first, second, third] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  input = { h2: `http://${first}`, ws: `ws://${second}/`, h2s: `https://${third}` }
})
afterAll(() => {
  court.close()
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

const agent = (name: string): Agent => ({ module: join(import.meta.dirname, 'fixtures/unwatched.ts'), export: name })

const CASES: [name: string, protocol: string, live: string, host: (of: UnwatchedInput) => string][] = [
  ['viaWebSocket', 'websocket', 'open', ({ ws }) => new URL(ws).host],
  ['viaUpgrade', 'websocket', 'open', ({ ws }) => new URL(ws).host],
  ['viaWs', 'websocket', 'open', ({ ws }) => new URL(ws).host],
  ['viaUndiciWebSocket', 'websocket', 'open', ({ ws }) => new URL(ws).host],
]

for (const [name, protocol, live, hostOf] of CASES) {
  test(`a recording says that it lacks what was said, and a replay refuses it by name, given ${name}`, async () => {
    const host = hostOf(input)
    const run = await court.record(agent(name), input)
    expect(run.output).toBe(live)
    const notes = run.recording.notes.filter(({ code }) => code === 'not_recorded')
    expect(notes.map(({ data }) => data)).toEqual([{ protocol, host }])

    const before = connections
    const replay = await court.replay(agent(name), run)
    expect(replay.egress.map(({ layer, target }) => `${layer} ${target}`)).toContain(`tcp ${host}`)
    expect(String(outputOf(replay))).toMatch(/^failed/)
    expect(connections).toBe(before)
  })
}

test('a request over HTTP/2 is recorded, and a replay refuses the look at what the server speaks, given got', async () => {
  const run = await court.record(agent('viaGot'), input)
  expect(run.output).toBe('over http2')
  expect(run.recording.interactions).toMatchObject([{ door: 'http2', end: { kind: 'complete' } }])
  const before = connections
  const replay = await court.replay(agent('viaGot'), run)
  expect(replay.egress.map(({ layer, target }) => `${layer} ${target}`)).toContain(`tcp ${new URL(input.h2s).host}`)
  expect(String(outputOf(replay))).toMatch(/^failed/)
  expect(connections).toBe(before)
})

test.each(['viaUndici', 'viaHttp2'])(
  'a request over HTTP/2 is recorded and replayed as any other, given %s',
  async (name) => {
    const run = await court.record(agent(name), input)
    expect(run.output).toBe('over http2')
    expect(run.recording.notes).toEqual([])
    const before = connections
    const replay = await court.replay(agent(name), run)
    expect(outputOf(replay)).toBe('over http2')
    expect(replay.grades).toEqual(['exact'])
    expect(replay.egress).toEqual([])
    expect(connections).toBe(before)
  },
)
