import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRun } from '../../src/trace/project-run.ts'
import {
  type Agent,
  type Court,
  type LiveRun,
  openCourt,
  outputOf,
  type Replay,
  type ReplaySettings,
} from '../replay/court.ts'
import { agentOf, commandOf, ERAS, type Era, methodsOf, outlineOf } from './start-mcp.ts'

let court: Court
/** Each server that is started adds a line. */
let starts: string

beforeAll(() => {
  court = openCourt()
  starts = join(court.folder, 'starts.txt')
})

afterAll(() => court.close())

const MOVES = [
  { tool: 'search_docs', args: { query: 'refunds' } },
  { tool: 'search_docs', args: { query: 'refunds' }, progress: true },
  { tool: 'fail' },
  { tool: 'nope' },
]

const record = (era: Era, moves: unknown[]): Promise<LiveRun> =>
  court.record(agentOf(era), { command: commandOf(era, starts), moves })

/** The folder is where the recording was made: commands are relative to it. */
const replay = (agent: Agent, live: LiveRun, settings: ReplaySettings = {}): Promise<Replay> =>
  court.replay(agent, live, { cwd: process.cwd(), ...settings })

function countStarts(): number {
  return existsSync(starts) ? readFileSync(starts, 'utf8').split('\n').length - 1 : 0
}

test.each(ERAS)('answers every message and starts no server given an unchanged agent (%s)', async (era) => {
  rmSync(starts, { force: true })
  const live = await record(era, MOVES)
  expect(live.error).toBeUndefined()
  const started = countStarts()
  // The stateless era asks a process of its own which protocol is spoken.
  expect(started).toBe(era === 'v1' ? 1 : 2)
  expect(methodsOf(live.recording.interactions).filter((method) => method === 'listen')).toHaveLength(started)
  expect(new Set(live.recording.interactions.map((one) => one.kind === 'http' && one.request.url))).toEqual(
    new Set([`stdio:node+test/sdk/fixtures/mcp-${era}-server.ts+${starts.slice(process.cwd().length + 1)}`]),
  )
  const again = await replay(agentOf(era), live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(again)).toEqual(live.output)
  expect(again.grades).toEqual(live.recording.interactions.map(() => 'exact'))
  expect(methodsOf(again.replayed?.interactions ?? [])).toEqual(methodsOf(live.recording.interactions))
  expect(outlineOf(again.replayed)).toEqual(outlineOf(live.recording))
  expect(countStarts()).toBe(started)
})

test.each(ERAS)('diverges at the argument given an agent that asks a tool something else (%s)', async (era) => {
  const live = await record(era, MOVES.slice(0, 1))
  const command = commandOf(era, starts)
  const input = { command, moves: [{ tool: 'search_docs', args: { query: 'returns' } }] }
  const changed = await replay(agentOf(era), live, { input })
  expect(changed.outcome).toBe('diverged')
  expect(changed.divergences).toMatchObject([
    { summary: 'mcp tools/call search_docs', difference: { path: '$.params.arguments.query' } },
  ])
  const fewer = await replay(agentOf(era), live, { input: { command, moves: [] } })
  expect(fewer).toMatchObject({ outcome: 'finished', divergences: [] })
})

test.each(ERAS)(
  'answers under the new names given an agent that calls fewer tools than the recorded one (%s)',
  async (era) => {
    const live = await record(era, MOVES)
    const input = { command: commandOf(era, starts), moves: MOVES.slice(1) }
    const fewer = await replay(agentOf(era), live, { input })
    const said = live.output as unknown[]
    expect(outputOf(fewer)).toEqual([said[0], ...said.slice(2)])
    expect(new Set(fewer.grades)).toEqual(new Set(['exact', 'renamed']))
  },
)

test.each(ERAS)(
  'knows no more than the recorded agent waited for given one that waits for longer (%s)',
  async (era) => {
    const slow = { tool: 'slow_search', args: { wait: 1_500 } }
    const live = await record(era, [{ ...slow, timeout: 200 }])
    const same = await replay(agentOf(era), live)
    expect(outputOf(same)).toEqual(live.output)
    expect(same.grades).toEqual(live.recording.interactions.map(() => 'exact'))
    expect(outlineOf(same.replayed)).toEqual(outlineOf(live.recording))
    expect(projectRun(live.recording).spans.find(({ name }) => name === 'slow_search')?.error_class).toBe('timeout')
    const input = { command: commandOf(era, starts), moves: [{ ...slow, timeout: 1_000 }] }
    expect((await replay(agentOf(era), live, { input })).grades).toContain('beyond')
  },
)

test('refuses and counts a server that the recording does not know', async () => {
  const live = await record('v1', MOVES.slice(0, 1))
  const input = { command: [...commandOf('v1', starts), '--other'], moves: [] }
  const other = await replay(agentOf('v1'), live, { input })
  expect(other.egress).toMatchObject([{ layer: 'child_process' }])
  expect(other.end).toMatchObject({ agent_error: { code: 'EACCES' } })
})

test('ends the server as it ended given one that dies within a call', async () => {
  const live = await record('v1', [{ tool: 'die' }])
  expect(JSON.stringify(live.output)).toContain('Connection closed')
  const again = await replay(agentOf('v1'), live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(again)).toEqual(live.output)
  expect(outlineOf(again.replayed)).toEqual(outlineOf(live.recording))
})

test('gives what the server printed for people given an agent that reads it', async () => {
  const agent = court.agent(`
    import { Client } from '@modelcontextprotocol/sdk/client/index.js'
    import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
    export async function run({ command }) {
      const client = new Client({ name: 'agent', version: '1' })
      const transport = new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: 'pipe' })
      const printed = []
      transport.stderr.on('data', (chunk) => printed.push(String(chunk)))
      await client.connect(transport)
      await client.callTool({ name: 'print', arguments: {} })
      await new Promise((resolve) => setTimeout(resolve, 50))
      await client.close()
      return printed.join('')
    }
  `)
  const live = await court.record(agent, { command: [...commandOf('v1', starts), 'loud'] })
  expect(live.output).toBe('server is up\nprinted\n')
  const again = await replay(agent, live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(again)).toBe(live.output)
})

test('stands in for a process as its parent sees it, and gives at once what came at once', async () => {
  const server = join(court.folder, 'bare-server.mjs')
  writeFileSync(
    server,
    `process.stdin.once('data', () => {
      const progress = { jsonrpc: '2.0', method: 'notifications/message', params: {} }
      process.stdout.write(JSON.stringify(progress) + '\\n' + JSON.stringify({ jsonrpc: '2.0', id: 0, result: {} }) + '\\n')
    })
    process.stdin.resume()`,
  )
  const agent = court.agent(`
    import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    export async function run({ end }) {
      const child = spawn(process.execPath, [${JSON.stringify(server)}], { stdio: ['pipe', 'pipe', 'ignore'] })
      await once(child, 'spawn')
      const seen = { pid: child.pid > 0, code: child.exitCode, stderr: child.stderr, chunks: [] }
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} }
      child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) + '\\n')
      const [chunk] = await once(child.stdout, 'data')
      seen.chunks.push(chunk.toString().trim().split('\\n').length)
      if (end === 'kill') seen.killed = child.kill()
      else child.stdin.end()
      const [exit, close] = await Promise.all([once(child, 'exit'), once(child, 'close')])
      return { ...seen, exit, close, after: [child.exitCode, child.signalCode, child.killed, child.kill()] }
    }
  `)
  for (const [end, exit] of [
    ['end', [0, null]],
    ['kill', [null, 'SIGTERM']],
  ] as const) {
    const live = await court.record(agent, { end })
    expect(live.output).toMatchObject({ pid: true, code: null, stderr: null, chunks: [2], exit, close: exit })
    const again = await replay(agent, live)
    expect(again).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
    expect(outputOf(again)).toEqual(live.output)
  }
})

test('answers what the server asks given one that asks the agent back', async () => {
  const agent = court.agent(`
    import { Client } from '@modelcontextprotocol/sdk/client/index.js'
    import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
    import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js'
    export async function run({ command, answer }) {
      const client = new Client({ name: 'agent', version: '1' }, { capabilities: { sampling: {} } })
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        role: 'assistant', model: 'none', content: { type: 'text', text: answer },
      }))
      await client.connect(new StdioClientTransport({ command: command[0], args: command.slice(1) }))
      const said = await client.callTool({ name: 'ask_back', arguments: {} })
      await client.close()
      return said
    }
  `)
  const input = { command: commandOf('v1', starts), answer: 'yes' }
  const live = await court.record(agent, input)
  expect(JSON.stringify(live.output)).toContain('the model says yes')
  const again = await replay(agent, live)
  expect(again).toMatchObject({ outcome: 'finished', divergences: [] })
  expect(outputOf(again)).toEqual(live.output)
  const other = await replay(agent, live, { input: { ...input, answer: 'no' } })
  expect(other.divergences).toMatchObject([{ difference: { path: '$.result.content.text' } }])
})
