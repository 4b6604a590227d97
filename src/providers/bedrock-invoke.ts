import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../core/json.ts'
import { EVENT_STREAM } from '../model/event-stream.ts'
import { type HttpAnswer, type HttpRequest, headerValue } from '../model/interaction.ts'
import { anthropicMessages } from './anthropic-messages.ts'
import {
  BEDROCK_LIVE,
  modelOfPath,
  readBedrockAnswer,
  readConverseJson,
  readConverseRequest,
  readConverseStream,
  readException,
  sayConverse,
  streamConverse,
} from './bedrock-converse.ts'
import { readPlainBody, readPlainChunk } from './bedrock-plain.ts'
import { EXCEPTION, writeEvent } from './event-stream.ts'
import { malformedAnswer } from './model-error.ts'
import { openaiChat } from './openai-chat.ts'
import type { ModelAnswer, ModelMessage, ModelRequest, Protocol, SaidAnswer, WrittenAnswer } from './protocol.ts'
import type { StreamEvent } from './read-body.ts'
import { countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

const PATH = /\/model\/(.+)\/invoke(-with-response-stream)?$/

/** What the last event of a stream holds besides what the model said. */
const METRICS = 'amazon-bedrock-invocationMetrics'

/**
 * Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream: each provider's own body in an envelope of Bedrock's. Read are
 * those of Anthropic, Amazon (Nova, Titan), Meta, Mistral, Cohere and AI21, by their form.
 */
export const bedrockInvoke: Protocol = {
  id: 'bedrock-invoke',
  provider: 'aws.bedrock',
  operation: 'chat',
  volatileFields: anthropicMessages.volatileFields,
  generatedIdPattern: /^(?:toolu|tooluse|msg|call|chatcmpl)[-_][A-Za-z0-9_-]{8,}$/,
  live: BEDROCK_LIVE,
  detect: (request: HttpRequest, body: JsonObject) =>
    PATH.test(pathOf(request.url)) && !isNoTurn(body, modelOfPath(request.url, PATH)),
  readRequest(body: JsonObject, url: string): ModelRequest {
    const stream = PATH.exec(pathOf(url))?.[2] !== undefined
    return readInvocation(body, modelOfPath(url, PATH), stream)
  },
  readAnswer: (answer: HttpAnswer) =>
    withCounts(readBedrockAnswer(answer, { json: readJson, stream: readStream }), answer),
  writeAnswer,
  // A value is known by the protocol of its provider.
  readValue: () => null,
}

/** Embeddings and rerankings are no turn of a conversation. The name of a model tells, unless it is an ARN. */
function isNoTurn(body: JsonObject, model: string | null): boolean {
  if (/embed|rerank/i.test(model ?? '')) return true
  const isRanked = typeof body.query === 'string' && Array.isArray(body.documents)
  return isRanked || (body.input_type !== undefined && (Array.isArray(body.texts) || Array.isArray(body.images)))
}

function readInvocation(body: JsonObject, model: string | null, stream: boolean): ModelRequest {
  if (!Array.isArray(body.messages)) return readPrompt(body, model, stream)
  if (body.anthropic_version !== undefined) return { ...anthropicMessages.readRequest(body, ''), model, stream }
  const isNova = body.messages.every((message) => listOf(fieldOf(message, 'content')).every(hasNoType))
  const isText = body.messages.some((message) => typeof fieldOf(message, 'content') === 'string')
  if (isNova && !isText) return readConverseRequest(body, model, stream)
  return { ...openaiChat.readRequest(body, ''), model, stream }
}

function hasNoType(block: JsonValue): boolean {
  return fieldOf(block, 'type') === undefined
}

const PROMPTS = ['prompt', 'inputText', 'message']

/** A prompt that is one text, with what was said before where the model takes that apart. */
function readPrompt(body: JsonObject, model: string | null, stream: boolean): ModelRequest {
  const message = (role: string, text: string): ModelMessage => ({ role, text, tool_calls: [], tool_results: [] })
  const said = PROMPTS.flatMap((key) => stringOf(body[key]) ?? [])
  return {
    model,
    stream,
    messages: [
      ...(typeof body.preamble === 'string' ? [message('system', body.preamble)] : []),
      ...listOf(body.chat_history).map((one) =>
        message(stringOf(fieldOf(one, 'role')) ?? '', stringOf(fieldOf(one, 'message')) ?? ''),
      ),
      ...said.map((text) => message('user', text)),
    ],
    tools: listOf(body.tools).flatMap((tool) => stringOf(fieldOf(tool, 'name')) ?? []),
    parameters: withoutFields(body, [...PROMPTS, 'preamble', 'chat_history', 'tools']),
  }
}

function readJson(answer: ModelAnswer, body: JsonValue, at_ms: number): void {
  const known = anthropicMessages.readValue(body) ?? openaiChat.readValue(body)
  if (known !== null) {
    const tool_calls = known.tool_calls.map((call) => ({ ...call, at_ms }))
    Object.assign(answer, known, { tool_calls })
  } else if (fieldOf(body, 'output') !== undefined) readConverseJson(answer, body, at_ms)
  else if (!isJsonObject(body) || !readPlainBody(answer, body, at_ms)) {
    answer.error = malformedAnswer('The body is of no known model.')
  }
}

/** Each event brings a piece of the provider's own stream. */
function readStream(answer: ModelAnswer, events: StreamEvent[]): void {
  const pieces: StreamEvent[] = []
  for (const { name, json, at_ms } of events) {
    if (json === undefined) answer.error ??= malformedAnswer('An event of the stream cannot be read.')
    if (name === EXCEPTION) answer.error ??= readException(json)
    const bytes = stringOf(fieldOf(json, 'bytes'))
    if (bytes === null) continue
    const data = Buffer.from(bytes, 'base64').toString('utf8')
    const piece = parseJson(data)
    if (piece === undefined) answer.error ??= malformedAnswer('A piece of the stream is not JSON.')
    pieces.push({ name: null, json: piece, data, at_ms })
  }
  readPieces(answer, pieces)
  const metrics = pieces.map(({ json }) => fieldOf(json, METRICS)).findLast((one) => one !== undefined)
  if (metrics === undefined) return
  // A stream that has been counted is over.
  answer.complete ||= answer.error === null
  if (answer.complete) answer.complete_ms ??= pieces.at(-1)?.at_ms ?? null
  answer.usage ??= {
    input_tokens: countOf(fieldOf(metrics, 'inputTokenCount')),
    output_tokens: countOf(fieldOf(metrics, 'outputTokenCount')),
  }
}

const ANTHROPIC = /^(?:message_|content_block_|ping$|error$)/

function readPieces(answer: ModelAnswer, pieces: StreamEvent[]): void {
  const has = (test: (json: Unknown) => boolean): boolean => pieces.some(({ json }) => test(json))
  if (has((json) => ANTHROPIC.test(stringOf(fieldOf(json, 'type')) ?? ''))) {
    readAs(anthropicMessages, answer, pieces)
  } else if (has((json) => Array.isArray(fieldOf(json, 'choices')))) readAs(openaiChat, answer, pieces)
  else if (
    has((json) => fieldOf(json, 'messageStart') !== undefined || fieldOf(json, 'contentBlockDelta') !== undefined)
  ) {
    readConverseStream(answer, pieces.map(asConverseEvent))
  } else {
    for (const { json, at_ms } of pieces) {
      if (isJsonObject(json)) readPlainChunk(answer, json, at_ms)
      if (answer.finish_reason === null) continue
      answer.complete = true
      answer.complete_ms ??= at_ms
    }
  }
}

/** Reads the pieces as the provider itself would have sent them. */
function readAs(protocol: Protocol, answer: ModelAnswer, pieces: StreamEvent[]): void {
  const { error } = answer
  const chunks = pieces.map(({ data, at_ms }): HttpAnswer['chunks'][number] => [at_ms, { text: `data: ${data}\n\n` }])
  const headers: HttpAnswer['headers'] = [['content-type', 'text/event-stream']]
  const read = protocol.readAnswer({ status: 200, status_text: '', headers, headers_ms: 0, chunks })
  Object.assign(answer, read, { error: error ?? read.error })
}

/** The event whose name is the one field of the piece. */
function asConverseEvent(piece: StreamEvent): StreamEvent {
  const [name = null] = isJsonObject(piece.json) ? Object.keys(piece.json) : []
  return { ...piece, name, json: name === null ? piece.json : fieldOf(piece.json, name) }
}

/** Bedrock counts for every model, in headers. */
function withCounts(read: ModelAnswer, { headers }: HttpAnswer): ModelAnswer {
  const [input, output] = ['input', 'output'].map((side) => headerValue(headers, `x-amzn-bedrock-${side}-token-count`))
  if (read.usage === null && input !== undefined && output !== undefined) {
    read.usage = { input_tokens: Number(input), output_tokens: Number(output) }
  }
  return read
}

/** Says it as a model of the named kind does; as Anthropic's do where the name tells nothing. */
function writeAnswer(request: ModelRequest, said: SaidAnswer): WrittenAnswer | null {
  const isNova = /\bnova\b/.test(request.model ?? '')
  const plain = isNova
    ? { content_type: 'application/json', body: JSON.stringify(sayConverse(said)) }
    : anthropicMessages.writeAnswer(request, said)
  if (!request.stream || plain === null) return plain
  const pieces = isNova
    ? streamConverse(said).map(([type, payload]) => JSON.stringify({ [type]: payload }))
    : [...String(plain.body).matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '')
  const events = pieces.map((piece) => writeEvent('chunk', { bytes: Buffer.from(piece).toString('base64') }))
  return { content_type: EVENT_STREAM, body: Buffer.concat(events) }
}
