import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts'
import { type HttpRequest, payloadText } from '../model/interaction.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import { bedrockConverse } from './bedrock-converse.ts'
import { bedrockInvoke } from './bedrock-invoke.ts'
import { gemini } from './gemini.ts'
import { ollamaChat } from './ollama-chat.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import type { ModelAnswer, ModelRequest, Protocol } from './protocol.ts'
import { fieldOf } from './wire.ts'

/** Every protocol that retrial reads, in the order in which they are tried. */
export const PROTOCOLS: readonly Protocol[] = [
  openaiChat,
  openaiResponses,
  openaiEmbeddings,
  anthropicMessages,
  ollamaChat,
  gemini,
  bedrockConverse,
  bedrockInvoke,
]

/** A request to a model, and the protocol that it was made in. */
export interface IdentifiedRequest {
  protocol: Protocol
  request: ModelRequest
}

/** The protocol of a request to a model; null for any other request. */
export function findProtocol(request: HttpRequest): Protocol | null {
  return detect(request)?.protocol ?? null
}

/** What a request asks of a model; null for a request that is not made to one. */
export function readModelRequest(request: HttpRequest): IdentifiedRequest | null {
  const found = detect(request)
  return found && { protocol: found.protocol, request: found.protocol.readRequest(found.body, request.url) }
}

function detect(request: HttpRequest): { protocol: Protocol; body: JsonObject } | null {
  if (request.method.toUpperCase() !== 'POST' || request.body === null) return null
  const body = parseJson(payloadText(request.body))
  if (!isJsonObject(body)) return null
  const protocol = PROTOCOLS.find((candidate) => candidate.detect(request, body))
  return protocol === undefined ? null : { protocol, body }
}

/**
 * What a call of a wrapped model function means, when the function takes and returns the bodies of a known protocol;
 * null when it does not.
 *
 * @param args The arguments of the function.
 * @param value What it returned.
 */
export function readModelFunction(
  args: JsonValue,
  value: JsonValue,
): (IdentifiedRequest & { answer: ModelAnswer }) | null {
  const body = (Array.isArray(args) ? args : [args]).find(isModelBody)
  for (const protocol of PROTOCOLS) {
    const answer = protocol.readValue(value)
    if (answer !== null) return { protocol, request: protocol.readRequest(isJsonObject(body) ? body : {}, ''), answer }
  }
  return null
}

/** What a function takes that asks a model: a conversation, or the input of one. */
function isModelBody(value: JsonValue): boolean {
  return (
    Array.isArray(fieldOf(value, 'messages')) || ['input', 'contents'].some((key) => fieldOf(value, key) !== undefined)
  )
}
