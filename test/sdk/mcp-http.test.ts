import { afterAll, beforeAll, expect, test } from 'vitest'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { type Court, type LiveRun, openCourt, outputOf } from '../replay/court.ts'
import { agentOf, ERAS, type Era, type McpServer, methodsOf, outlineOf, startMcp } from './start-mcp.ts'

let court: Court
const servers = new Map<string, McpServer>()

beforeAll(async () => {
  court = openCourt()
  for (const era of ERAS) servers.set(era, await startMcp(era))
})

afterAll(async () => {
  court.close()
  for (const server of servers.values()) await server.close()
})

const MOVES = [
  { tool: 'search_docs', args: { query: 'refunds' } },
  { tool: 'search_docs', args: { query: 'refunds' }, progress: true },
  { tool: 'fail' },
  { tool: 'nope' },
]

const record = (era: Era, moves: unknown[], more = {}) =>
  court.record(agentOf(era), { url: servers.get(era)?.url, moves, ...more })

test.each(ERAS)('answers every message from the recording given an unchanged agent (%s)', async (era) => {
  const live = await record(era, MOVES, { terminate: true })
  const asked = servers.get(era)?.requests()
  const replay = await court.replay(agentOf(era), live)
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(outputOf(replay)).toEqual(live.output)
  expect(replay.grades).toEqual(live.recording.interactions.map(() => 'exact'))
  expect(methodsOf(replay.replayed?.interactions ?? [])).toEqual(methodsOf(live.recording.interactions))
  expect(servers.get(era)?.requests()).toBe(asked)
})

test.each(ERAS)(
  'answers under the new names given an agent that calls fewer tools than the recorded one (%s)',
  async (era) => {
    const live = await record(era, MOVES)
    const { url } = live.recording.input as { url: string }
    const input = { url, moves: MOVES.slice(1) }
    const replay = await court.replay(agentOf(era), live, { input })
    expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
    const said = live.output as unknown[]
    // One tool less; and progress under another token.
    expect(outputOf(replay)).toEqual([said[0], ...said.slice(2)])
    const grades = new Set(replay.grades)
    expect(grades).toEqual(new Set(['exact', 'renamed']))
    const renamed = replay.replayed?.interactions.find(({ evidence }) => evidence?.grade === 'renamed')
    expect(renamed?.evidence?.note).toMatch(/^JSON-RPC id \d+ → \d+/)
  },
)

test.each(ERAS)('diverges at the argument given an agent that asks a tool something else (%s)', async (era) => {
  const live = await record(era, MOVES.slice(0, 1))
  const { url } = live.recording.input as { url: string }
  const input = { url, moves: [{ tool: 'search_docs', args: { query: 'returns' } }] }
  const replay = await court.replay(agentOf(era), live, { input })
  expect(replay.outcome).toBe('diverged')
  expect(replay.divergences).toMatchObject([
    { summary: 'mcp tools/call search_docs', grade: 'none', difference: { path: '$.params.arguments.query' } },
  ])
})

test.each(ERAS)('reads calls of tools as tool calls given what a server answered (%s)', async (era) => {
  const live = await record(era, MOVES, { terminate: true })
  const trace = projectRun(live.recording)
  const calls = trace.spans.filter(({ step_type }) => step_type === 'tool_call')
  expect(calls.map(({ name, error_class }) => [name, error_class])).toEqual([
    ['search_docs', null],
    ['search_docs', null],
    ['fail', 'timeout'],
    ['nope', era === 'v1' ? 'tool_error' : 'bad_request'],
  ])
  expect(calls[0]?.attributes).toMatchObject({
    [GEN_AI.operation]: 'execute_tool',
    [GEN_AI.toolName]: 'search_docs',
    [GEN_AI.toolArguments]: '{"query":"refunds"}',
    [GEN_AI.toolResult]: 'found 2 documents about refunds',
    [OTEL.mcpMethod]: 'tools/call',
  })
  const others = trace.spans.filter(({ step_type }) => step_type !== 'tool_call')
  expect(others.map(({ error_class }) => error_class)).toEqual(others.map(() => null))
  const listed = others.find(({ name }) => name === 'mcp tools/list')
  expect(listed?.attributes[GEN_AI.toolDefinitions]).toContain('"inputSchema"')
  expect(computeSignals(trace)).toMatchObject({ first_error_span: { span_id: calls[2]?.span_id }, tool_calls: 4 })
  const replay = await court.replay(agentOf(era), live)
  expect(outlineOf(replay.replayed)).toEqual(outlineOf(live.recording))
})

test.each(ERAS)(
  'knows no more than the recorded agent waited for given one that waits for longer (%s)',
  async (era) => {
    const slow = { tool: 'slow_search', args: { wait: 1_500 } }
    const live = await record(era, [{ ...slow, timeout: 200 }])
    const { url } = live.recording.input as { url: string }
    expect(JSON.stringify(live.output)).toContain('timed out')
    const same = await court.replay(agentOf(era), live)
    expect(same).toMatchObject({ outcome: 'finished', divergences: [] })
    expect(outputOf(same)).toEqual(live.output)
    expect(same.grades).toEqual(live.recording.interactions.map(() => 'exact'))
    const longer = await court.replay(agentOf(era), live, { input: { url, moves: [{ ...slow, timeout: 1_000 }] } })
    expect(longer.grades).toContain('beyond')
  },
)

test.each(ERAS)('asks the same in two live runs (%s)', async (era) => {
  const [one, other] = [await record(era, MOVES), await record(era, MOVES)]
  const questionsOf = ({ recording }: LiveRun) =>
    recording.interactions.map((call) => canonicaliseInteraction(call).text)
  expect(questionsOf(other)).toEqual(questionsOf(one))
})

test('keeps the stream of the server open for longer than it was recorded given an agent that stays', async () => {
  const agent = court.agent(`
    import { Client } from '@modelcontextprotocol/sdk/client/index.js'
    import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
    export async function run({ url, stay }) {
      const client = new Client({ name: 'agent', version: '1' })
      const transport = new StreamableHTTPClientTransport(new URL(url))
      await client.connect(transport)
      await client.listTools()
      await new Promise((resolve) => setTimeout(resolve, stay))
      const said = await client.callTool({ name: 'search_docs', arguments: { query: 'x' } })
      await transport.terminateSession()
      await client.close()
      return said
    }
  `)
  const url = servers.get('v1')?.url
  const live = await court.record(agent, { url, stay: 20 })
  expect(methodsOf(live.recording.interactions)).toContain('listen')
  const replay = await court.replay(agent, live, { input: { url, stay: 60_000 } })
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [] })
  expect(new Set(replay.grades)).toEqual(new Set(['exact']))
  const stream = replay.replayed?.interactions.find((one) => methodsOf([one])[0] === 'listen')
  expect(stream?.evidence?.note).toContain('stays open for longer')
})
