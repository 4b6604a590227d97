import type { HttpRequest, Interaction } from '../model/interaction.ts'
import { readMcpRequest } from '../providers/mcp/read-request.ts'
import { readModelRequest } from '../providers/registry.ts'

/**
 * What an interaction asked, in a few words: `llm_generate gpt-4o`, `tool search_docs`, `GET docs.example.com/search`.
 * For divergences and timelines.
 */
export function summariseRequest(interaction: Interaction): string {
  if (interaction.kind !== 'http') {
    return interaction.kind === 'tool' ? `tool ${interaction.name}` : `llm_generate ${interaction.name}`
  }
  const found = readModelRequest(interaction.request)
  if (found === null || found.protocol.operation === 'embeddings') return nameRequest(interaction.request)
  return `llm_generate ${found.request.model ?? found.protocol.id}`
}

/** `METHOD host/path`, without query: the name of a plain request; `mcp tools/list` for one to a server of MCP. */
export function nameRequest(request: HttpRequest): string {
  const { method, url } = request
  const mcp = readMcpRequest(request)
  if (mcp !== null) return `mcp ${mcp.method}${mcp.method === 'tools/call' ? ` ${String(mcp.params.name)}` : ''}`
  if (!URL.canParse(url)) return `${method} ${url}`
  const { host, pathname } = new URL(url)
  return `${method} ${host}${pathname}`
}
