import { sha256 } from '../core/hash.ts'
import type { Stub } from '../model/evidence.ts'
import { asPayload, type HttpInteraction, type Interaction } from '../model/interaction.ts'
import { readMcpRequest } from '../providers/mcp/read-request.ts'
import type { WrittenAnswer } from '../providers/protocol.ts'
import { readModelRequest } from '../providers/registry.ts'

/** How much of the digest of a question goes into the ids of its answer. */
const ID_LENGTH = 16

/**
 * A question with the answer that a stub gives to it; null where that cannot be: a model's message for what is no request to a
 * known model, or a body for a wrapped function.
 */
export function answerOfStub(stub: Stub, asked: Interaction): Interaction | null {
  const end = { kind: 'complete' as const, offset_ms: stub.after_ms }
  if (asked.kind !== 'http') return stub.json === undefined ? null : { ...asked, value: stub.json, end }
  const written = writeBody(stub, asked)
  if (written === null) return null
  const headers = Object.entries(stub.headers).map(([name, value]): [string, string] => [name.toLowerCase(), value])
  if (!headers.some(([name]) => name === 'content-type')) headers.push(['content-type', written.content_type])
  return {
    ...asked,
    answer: {
      status: stub.status,
      status_text: '',
      headers,
      headers_ms: stub.after_ms,
      chunks: [[stub.after_ms, asPayload(written.body)]],
    },
    end,
  }
}

/** What a server of MCP answers: what it is asked for, in an envelope that names the question; null for any other question. */
function writeEnvelope({ json, text }: Stub, { request }: HttpInteraction): string | null {
  const message = readMcpRequest(request)
  if (message?.kind !== 'request') return null
  const result = json ?? (text === undefined ? undefined : { content: [{ type: 'text', text }] })
  return result === undefined ? null : JSON.stringify({ jsonrpc: '2.0', id: message.id, result })
}

function writeBody(stub: Stub, asked: HttpInteraction): WrittenAnswer | null {
  const envelope = writeEnvelope(stub, asked)
  if (envelope !== null) return { content_type: 'application/json', body: `${envelope}\n` }
  if (stub.text !== undefined) return { content_type: 'text/plain; charset=utf-8', body: stub.text }
  if (stub.json !== undefined) return { content_type: 'application/json', body: JSON.stringify(stub.json) }
  const model = readModelRequest(asked.request)
  if (model === null) return null
  // The same question gets the same answer, ids included.
  const id = sha256(JSON.stringify(asked.request.body)).slice(0, ID_LENGTH)
  const { message = '', tool_calls = [] } = stub
  return model.protocol.writeAnswer(model.request, { id, text: message, tool_calls })
}
