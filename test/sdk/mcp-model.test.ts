import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GEN_AI } from '../../src/model/gen-ai.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { type Agent, type Court, openCourt } from '../replay/court.ts'
import { commandOf, methodsOf } from './start-mcp.ts'

const ROOT = join(import.meta.dirname, '../..')

let court: Court
let model: Server
let baseURL: string

/** A model that asks for one search, and then is content. */
beforeAll(async () => {
  court = openCourt()
  model = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { messages } = JSON.parse(Buffer.concat(parts).toString()) as { messages: { role: string }[] }
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'docs__search_docs', arguments: '{"query":"refunds"}' },
    }
    const isAnswered = messages.some(({ role }) => role === 'tool')
    const message = isAnswered
      ? { role: 'assistant', content: 'Within 30 days.' }
      : { role: 'assistant', content: null, tool_calls: [call] }
    const choice = { index: 0, message, finish_reason: isAnswered ? 'stop' : 'tool_calls' }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 0, model: 'gpt-4o', choices: [choice] }))
  })
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  baseURL = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`
})

afterAll(() => {
  court.close()
  model.closeAllConnections()
  model.close()
})

/** An agent that hands the tools of a server to a model. */
function agentWith(change = '', main = ''): Agent {
  return court.agent(`
    import OpenAI from 'openai'
    import { Client } from '@modelcontextprotocol/sdk/client/index.js'
    import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
    export async function run({ baseURL, command }) {
      const client = new Client({ name: 'agent', version: '1' })
      await client.connect(new StdioClientTransport({ command: command[0], args: command.slice(1) }))
      const { tools } = await client.listTools()
      ${change}
      const openai = new OpenAI({ baseURL, apiKey: 'no-key-needed', maxRetries: 0 })
      const offered = tools.map(({ name, description, inputSchema }) => ({
        type: 'function', function: { name: 'docs__' + name, description, parameters: inputSchema },
      }))
      const messages = [{ role: 'user', content: 'How long do refunds take?' }]
      for (;;) {
        const { choices } = await openai.chat.completions.create({ model: 'gpt-4o', messages, tools: offered })
        const [{ message }] = choices
        messages.push(message)
        if (!message.tool_calls) break
        for (const { id, function: { name, arguments: text } } of message.tool_calls) {
          const said = await client.callTool({ name: name.replace('docs__', ''), arguments: JSON.parse(text) })
          messages.push({ role: 'tool', tool_call_id: id, content: said.content[0].text })
        }
      }
      await client.close()
      return messages.at(-1).content
    }
    ${main}
  `)
}

const inputOf = () => ({ baseURL, command: commandOf('v1', join(court.folder, 'starts.txt')) })

test('joins a call over MCP with the one that the model asked for', async () => {
  const live = await court.record(agentWith(), inputOf())
  const trace = projectRun(live.recording)
  const calls = trace.spans.filter(({ step_type }) => step_type === 'tool_call')
  expect(calls).toHaveLength(1)
  expect(calls[0]?.attributes).toMatchObject({
    [GEN_AI.toolName]: 'docs__search_docs',
    [GEN_AI.toolCallId]: 'call_1',
    [GEN_AI.toolResult]: 'found 2 documents about refunds',
  })
  expect(computeSignals(trace)).toMatchObject({ tool_calls: 1, unknown_tools: 0, first_error_span: null, llm_calls: 2 })
})

test('diverges at the model given an agent that hands on another schema than the server listed', async () => {
  const live = await court.record(agentWith(), inputOf())
  const settings = { cwd: process.cwd() }
  expect(await court.replay(agentWith(), live, settings)).toMatchObject({
    outcome: 'finished',
    divergences: [],
    egress: [],
  })
  const changed = agentWith(`tools[0].inputSchema.properties.limit = { type: 'number' }`)
  const replay = await court.replay(changed, live, settings)
  expect(replay.divergences).toMatchObject([
    { summary: 'llm_generate gpt-4o', difference: { path: expect.stringMatching(/^\$\.tools\[0\].*limit/) } },
  ])
  // What the agent expects of the list is visible as well: it asks for a page that nobody recorded.
  const paged = agentWith(`await client.listTools({ cursor: 'next' })`)
  expect((await court.replay(paged, live, settings)).divergences).toMatchObject([{ summary: 'mcp tools/list' }])
})

test('answers a tool by what a stub assumes given a question that the recording does not hold', async () => {
  const live = await court.record(agentWith(), inputOf())
  const asks = agentWith(`await client.callTool({ name: 'fail', arguments: { why: 'not' } })`)
  const request = `POST ${live.recording.interactions.flatMap((one) => (one.kind === 'http' ? one.request.url : [])).at(0)}`
  const stub = {
    assumption: 'the tool works',
    request,
    contains: '"fail"',
    text: 'fine',
    after_ms: 0,
    status: 200,
    headers: {},
  }
  const replay = await court.replay(asks, live, { cwd: process.cwd(), stubs: [stub] })
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [] })
  expect(replay.grades).toContain('stub')
})

test('records the servers of a command that knows nothing of it, and answers for them', async () => {
  const { module } = agentWith('', 'if (import.meta.main) console.log(await run(JSON.parse(process.env.AGENT_INPUT)))')
  const out = join(court.folder, 'command.jsonl')
  const args = ['record', '--out', out, '--agent-ref', `${module}#run`, '--input', JSON.stringify(inputOf())]
  const command = [join(ROOT, 'src/cli/main.ts'), ...args, '--', process.execPath, module]
  const env = { ...process.env, AGENT_INPUT: JSON.stringify(inputOf()) }
  // Not synchronously: the model answers from this process.
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: ROOT, env })
  expect(stdout).toContain('Within 30 days.')
  const recording = await readRecording(out)
  expect(methodsOf(recording.interactions)).toEqual([
    'listen',
    'initialize',
    'notifications/initialized',
    'tools/list',
    undefined,
    'tools/call',
    undefined,
  ])
  const replay = await court.replay({ module, export: 'run' }, { path: out, recording }, { cwd: ROOT })
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(replay.grades).toEqual(recording.interactions.map(() => 'exact'))
})
