import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { readMcpRequest } from '../../src/providers/mcp/read-request.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import type { Agent } from '../replay/court.ts'
import { serveHttp as serveV1 } from './fixtures/mcp-v1-server.ts'
import { serveHttp as serveV2 } from './fixtures/mcp-v2-server.ts'

/** The two eras of the protocol: with sessions, and without. */
export const ERAS = ['v1', 'v2'] as const
export type Era = (typeof ERAS)[number]

const FIXTURES = join(import.meta.dirname, 'fixtures')

export function agentOf(era: Era, name = 'run'): Agent {
  return { module: join(FIXTURES, `mcp-${era}-agent.ts`), export: name }
}

/** The command that starts a server as a child process, which says so in the file `starts`. */
export function commandOf(era: Era, starts: string): string[] {
  return [process.execPath, join(FIXTURES, `mcp-${era}-server.ts`), starts]
}

/** A server of MCP over streamable HTTP, and how many requests it got. */
export interface McpServer {
  url: string
  requests(): number
  close(): Promise<void>
}

export async function startMcp(era: Era): Promise<McpServer> {
  const server: Server = era === 'v1' ? serveV1() : serveV2()
  let requests = 0
  server.on('request', () => requests++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests: () => requests,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The spans of a run without times; of messages that nobody waits an answer for it is open whether one came in time. */
export function outlineOf(recording: Recording | null): unknown[] {
  const spans = recording === null ? [] : projectRun(recording).spans
  return spans.map(({ name, step_type, error_class, attributes }) => {
    const outline = { name, step_type, error_class }
    return name.startsWith('mcp notifications/') ? outline : { ...outline, attributes }
  })
}

/** What an agent said to a server of MCP, call by call. */
export function methodsOf(interactions: readonly Interaction[]): (string | undefined)[] {
  return interactions.map((one) => (one.kind === 'http' ? readMcpRequest(one.request)?.method : one.kind))
}
