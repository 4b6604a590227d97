import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSuite } from '../../src/suite/run-suite.ts'
import { type Agent, type Court, openCourt } from '../replay/court.ts'
import { commandOf, type McpServer, startMcp } from './start-mcp.ts'

let court: Court
let server: McpServer

beforeAll(async () => {
  court = openCourt()
  server = await startMcp('v1')
})

afterAll(async () => {
  court.close()
  await server.close()
})

/** An agent that calls a tool again and again, though it says that it is down. */
function agentWith({ tries = 3, wait = 0 }): Agent {
  return court.agent(`
    import { Client } from '@modelcontextprotocol/sdk/client/index.js'
    import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
    import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
    export async function run({ url, command }) {
      const client = new Client({ name: 'agent', version: '1' })
      await client.connect(
        url === undefined
          ? new StdioClientTransport({ command: command[0], args: command.slice(1) })
          : new StreamableHTTPClientTransport(new URL(url)),
      )
      let isDown = true
      for (let step = 0; step < ${tries} && isDown; step++) {
        isDown = (await client.callTool({ name: 'fail', arguments: {} })).isError === true
        await new Promise((resolve) => setTimeout(resolve, ${wait}))
      }
      await client.close()
      return { stop_reason: isDown && ${tries} > 1 ? 'max_steps' : 'completed' }
    }
  `)
}

test.each(['http', 'stdio'])('judges fixes of an agent whose tool is down, over %s', async (transport) => {
  const input =
    transport === 'http' ? { url: server.url } : { command: commandOf('v1', join(court.folder, 'starts.txt')) }
  const agent = agentWith({})
  const live = await court.record(agent, input)
  const asked = server.requests()
  const candidates = {
    once: agentWith({ tries: 1 }),
    patient: agentWith({ tries: 1, wait: 60_000 }),
    same: agentWith({ wait: 5 }),
  }
  const lines = Object.entries(candidates).map(([id, { module }]) => `  - { id: ${id}, agent: "${module}#run" }`)
  const path = join(court.folder, `${transport}.yaml`)
  writeFileSync(
    path,
    `id: ${transport}
title: the index is down
recording: ${live.path}
agent: "${agent.module}#run"
incident:
  trigger: { span: "tool_call:fail", error_class: timeout }
  cause: { signal: repeated_tool_calls, tool: fail, at_least: 2 }
  symptom: { signal: stop_reason, is: max_steps }
verify: { tolerance: { latency_ms: 100000 } }
candidates:
${lines.join('\n')}
`,
  )
  const { reports, faults } = await runSuite([path], { workers: 1, outDir: join(court.folder, 'out') })
  expect(faults).toEqual([])
  const [report] = reports
  expect(report?.baseline.verdict).toBe('reproduced')
  expect(report?.candidates.map(({ verdict }) => verdict)).toEqual(['fixed', 'fixed', 'not_fixed'])
  const [once, patient] = report?.candidates ?? []
  const silence = expect.stringContaining('the server says nothing by itself')
  expect(once?.assumptions).not.toContainEqual(silence)
  expect(patient?.assumptions).toContainEqual(silence)
  expect(server.requests()).toBe(asked)
})
