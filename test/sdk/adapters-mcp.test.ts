import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { McpTransport } from '../../src/boundary/transport/wrap-transport.ts'
import { wrapTransport } from '../../src/boundary/transport/wrap-transport.ts'
import { type Agent, type Court, openCourt, outputOf } from '../replay/court.ts'
import { startWorld, type World } from '../replay/start-world.ts'
import { build } from './fixtures/mcp-v1-server.ts'
import { methodsOf, outlineOf, startMcp } from './start-mcp.ts'

let court: Court
let world: World
let sockets: WebSocketServer
let connections = 0

/** A server of MCP over WebSocket, a connection each. */
function serveSockets(): WebSocketServer {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mcp' })
  server.on('connection', (socket) => {
    connections++
    const transport: McpTransport & { onerror?: unknown } = {
      start: async () => {},
      send: async (message) => void socket.send(JSON.stringify(message)),
      close: async () => socket.close(),
    }
    socket.on('message', (data) => {
      if (String(data).includes('hang_up')) socket.terminate()
      else transport.onmessage?.(JSON.parse(String(data)) as never)
    })
    socket.on('close', () => transport.onclose?.())
    void build().connect(transport as Parameters<ReturnType<typeof build>['connect']>[0])
  })
  return server
}

beforeAll(async () => {
  court = openCourt()
  world = await startWorld()
  sockets = serveSockets()
  await new Promise((resolve) => sockets.once('listening', resolve))
})

afterAll(async () => {
  court.close()
  await world.close()
  for (const client of sockets.clients) client.terminate()
  sockets.close()
})

const agentOf = (era: string): Agent => {
  return { module: join(import.meta.dirname, `fixtures/adapted-mcp-${era}.ts`), export: 'run' }
}

const MOVES = [
  { tool: 'search_docs', args: { query: 'refunds' } },
  { tool: 'search_docs', args: { query: 'refunds' }, progress: true },
  { tool: 'fail' },
  { tool: 'nope' },
]

const CASES = [
  { era: 'v1', way: 'memory' },
  { era: 'v1', way: 'WebSocket' },
  { era: 'v2', way: 'memory' },
]

const urlOf = (way: string) =>
  way === 'memory' ? {} : { url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}` }

test.each(CASES)(
  'answers every message and opens nothing given an unchanged agent ($era, $way)',
  async ({ era, way }) => {
    const live = await court.record(agentOf(era), { moves: MOVES, ...urlOf(way) })
    expect(live.error).toBeUndefined()
    const { interactions } = live.recording
    expect(interactions.every((one) => one.kind === 'http' && one.door === 'transport')).toBe(true)
    expect(new Set(interactions.map((one) => one.kind === 'http' && one.request.url))).toEqual(new Set(['mcp:docs']))
    expect(live.recording.notes.filter(({ code }) => code === 'not_recorded')).toEqual([])
    const before = connections
    const again = await court.replay(agentOf(era), live)
    expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
    expect(outputOf(again)).toEqual(live.output)
    expect(again.grades).toEqual(interactions.map(() => 'exact'))
    expect(methodsOf(again.replayed?.interactions ?? [])).toEqual(methodsOf(interactions))
    expect(outlineOf(again.replayed)).toEqual(outlineOf(live.recording))
    expect(connections).toBe(before)
  },
)

test.each(CASES)(
  'diverges at the argument given an agent that asks something else ($era, $way)',
  async ({ era, way }) => {
    const live = await court.record(agentOf(era), { moves: MOVES.slice(0, 1), ...urlOf(way) })
    const input = { moves: [{ tool: 'search_docs', args: { query: 'returns' } }], ...urlOf(way) }
    const changed = await court.replay(agentOf(era), live, { input })
    expect(changed.divergences).toMatchObject([
      { summary: 'mcp tools/call search_docs', difference: { path: '$.params.arguments.query' } },
    ])
  },
)

test('takes for the world what a server in memory asks in its turn', async () => {
  const plan = JSON.stringify({ key: 'inner', plan: [{ kind: 'json', value: 'found' }] })
  const url = `${world.origin}/?plan=${encodeURIComponent(plan)}`
  const moves = [{ tool: 'fetch', args: { url } }]
  const live = await court.record(agentOf('v1'), { moves })
  expect(JSON.stringify(live.output)).toContain('found')
  expect(live.recording.interactions.every((one) => one.kind === 'http' && one.door === 'transport')).toBe(true)
  const asked = world.contacts()
  const again = await court.replay(agentOf('v1'), live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(again)).toEqual(live.output)
  expect(world.contacts()).toBe(asked)
})

test('answers what the server asks the agent, in the run of the agent', async () => {
  const live = await court.record(agentOf('v1'), { moves: [{ tool: 'ask_back' }], ...urlOf('WebSocket') })
  expect(JSON.stringify(live.output)).toContain('the model says yes')
  const again = await court.replay(agentOf('v1'), live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [] })
  expect(outputOf(again)).toEqual(live.output)
  const input = { moves: [{ tool: 'ask_back' }], answer: 'no', ...urlOf('WebSocket') }
  const other = await court.replay(agentOf('v1'), live, { input })
  expect(other.divergences).toMatchObject([{ difference: { path: '$.result.content.text' } }])
})

test('knows no more than the recorded agent waited for given one that waits for longer', async () => {
  const slow = { tool: 'slow_search', args: { wait: 1_500 } }
  const live = await court.record(agentOf('v1'), { moves: [{ ...slow, timeout: 200 }] })
  const same = await court.replay(agentOf('v1'), live)
  expect(outputOf(same)).toEqual(live.output)
  const longer = await court.replay(agentOf('v1'), live, { input: { moves: [{ ...slow, timeout: 1_000 }] } })
  expect(longer.grades).toContain('beyond')
})

test('ends the connection as it ended given a server that hangs up', async () => {
  const live = await court.record(agentOf('v1'), { moves: [{ tool: 'hang_up' }], ...urlOf('WebSocket') })
  expect(JSON.stringify(live.output)).toContain('Connection closed')
  const again = await court.replay(agentOf('v1'), live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(again)).toEqual(live.output)
})

test('tells of the connection given an agent that does not wrap it any more', async () => {
  const live = await court.record(agentOf('v1'), { moves: MOVES.slice(0, 1), ...urlOf('WebSocket') })
  const input = { moves: MOVES.slice(0, 1), ...urlOf('WebSocket'), isPlain: true }
  const plain = await court.replay(agentOf('v1'), live, { input })
  expect(plain.egress.length).toBeGreaterThan(0)
})

test('leaves a transport as it is given one that the doors see', async () => {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const server = await startMcp('v1')
  for (const transport of [
    new StreamableHTTPClientTransport(new URL(server.url)),
    new StdioClientTransport({ command: process.execPath }),
  ]) {
    const before = Object.getOwnPropertyNames(transport)
    expect(wrapTransport('docs', transport as McpTransport)).toBe(transport)
    expect(Object.getOwnPropertyNames(transport)).toEqual(before)
  }
  await server.close()
})

test('passes everything on given no run', async () => {
  const sent: unknown[] = []
  const heard: unknown[] = []
  const transport: McpTransport = {
    start: async () => void sent.push('start'),
    send: async (message) => void sent.push(message),
    close: async () => void sent.push('close'),
  }
  wrapTransport('docs', transport)
  transport.onmessage = (message: unknown) => heard.push(message)
  transport.onclose = () => heard.push('closed')
  await transport.start()
  await transport.send({ id: 1 } as never)
  transport.onmessage?.({ id: 1, result: {} } as never)
  await transport.close()
  transport.onclose?.()
  expect(sent).toEqual(['start', { id: 1 }, 'close'])
  expect(heard).toEqual([{ id: 1, result: {} }, 'closed'])
})
