import type { JsonObject, JsonValue } from '../core/json.ts'
import { EVENT_STREAM, isEventStream } from '../model/event-stream.ts'
import { type HttpAnswer, type HttpRequest, headerValue } from '../model/interaction.ts'
import { EXCEPTION, readEventStream, writeEvent } from './event-stream.ts'
import { finishOf } from './finish.ts'
import { malformedAnswer } from './model-error.ts'
import type {
  LiveAccess,
  ModelAnswer,
  ModelMessage,
  ModelRequest,
  ModelToolResult,
  Protocol,
  SaidAnswer,
  WrittenAnswer,
} from './protocol.ts'
import { type BodyReader, blankAnswer, readAnswerBody, type StreamEvent } from './read-body.ts'
import { countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

/** Model ids may be ARNs, which are sent with their slashes coded, or not. */
const PATH = /\/model\/(.+)\/converse(-stream)?$/

/** How Bedrock is asked for real: by an API key, since a signature is made by an SDK only. */
export const BEDROCK_LIVE: LiveAccess = {
  base_url: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
  key: 'AWS_BEARER_TOKEN_BEDROCK',
  path: (url) => /\/model\/[^?#]*$/.exec(new URL(url).pathname)?.[0] ?? '',
  origin: /^https:\/\/bedrock-runtime(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/,
  authorise: (key) => ['authorization', `Bearer ${key}`],
}

/** Amazon Bedrock's Converse and ConverseStream: one protocol for the models of all providers. */
export const bedrockConverse: Protocol = {
  id: 'bedrock-converse',
  provider: 'aws.bedrock',
  operation: 'chat',
  volatileFields: [],
  generatedIdPattern: /^tooluse_[A-Za-z0-9_-]{8,}$/,
  live: BEDROCK_LIVE,
  detect: (request: HttpRequest, body: JsonObject) => PATH.test(pathOf(request.url)) && Array.isArray(body.messages),
  readRequest: (body, url) =>
    readConverseRequest(body, modelOfPath(url, PATH), PATH.exec(pathOf(url))?.[2] !== undefined),
  readAnswer: (answer: HttpAnswer) => readBedrockAnswer(answer, { json: readConverseJson, stream: readConverseStream }),
  writeAnswer,
  readValue(value: JsonValue): ModelAnswer | null {
    if (!Array.isArray(fieldOf(fieldOf(fieldOf(value, 'output'), 'message'), 'content'))) return null
    const answer = blankAnswer()
    readConverseJson(answer, value)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

/** The model that a path names. */
export function modelOfPath(url: string, path: RegExp): string | null {
  const found = path.exec(pathOf(url))?.[1]
  if (found === undefined) return null
  try {
    return decodeURIComponent(found)
  } catch {
    return found
  }
}

/** Reads an answer of Bedrock in either framing; the id and the type of an error stand in its headers. */
export function readBedrockAnswer(answer: HttpAnswer, reader: BodyReader): ModelAnswer {
  const events = isEventStream(answer.headers) && answer.status < 400 ? () => readEventStream(answer) : undefined
  const read = readAnswerBody(answer, events === undefined ? reader : { ...reader, events })
  read.id ??= headerValue(answer.headers, 'x-amzn-requestid') ?? null
  if (read.error !== null && answer.status >= 400) {
    // `ThrottlingException:http://internal.amazon.com/coral/…`
    read.error.type ??= headerValue(answer.headers, 'x-amzn-errortype')?.split(':')[0] ?? null
  }
  return read
}

/** What Converse is asked; the models of Amazon take the same when they are invoked. */
export function readConverseRequest(body: JsonObject, model: string | null, stream: boolean): ModelRequest {
  const messages = listOf(body.messages).map(readMessage)
  const system = listOf(body.system)
  if (system.length > 0) messages.unshift({ role: 'system', text: textOf(system), tool_calls: [], tool_results: [] })
  const tools = listOf(fieldOf(body.toolConfig, 'tools'))
  return {
    model,
    stream,
    messages,
    tools: tools.flatMap((tool) => stringOf(fieldOf(fieldOf(tool, 'toolSpec'), 'name')) ?? []),
    parameters: withoutFields(body, ['messages', 'system', 'toolConfig']),
  }
}

function readMessage(message: JsonValue): ModelMessage {
  const blocks = listOf(fieldOf(message, 'content'))
  return {
    role: stringOf(fieldOf(message, 'role')) ?? '',
    text: textOf(blocks),
    tool_calls: blocks.flatMap((block) => {
      const use = fieldOf(block, 'toolUse')
      return use === undefined ? [] : { ...nameOf(use), arguments: JSON.stringify(fieldOf(use, 'input') ?? {}) }
    }),
    tool_results: blocks.flatMap((block) => readToolResult(fieldOf(block, 'toolResult'))),
  }
}

function readToolResult(result: Unknown): ModelToolResult[] {
  if (result === undefined) return []
  const texts = listOf(fieldOf(result, 'content')).map((part) => {
    const json = fieldOf(part, 'json')
    return json === undefined ? textOf([part]) : JSON.stringify(json)
  })
  const is_error = fieldOf(result, 'status') === 'error'
  return [{ call_id: stringOf(fieldOf(result, 'toolUseId')), name: null, text: texts.join('\n'), is_error }]
}

const SILENT = ['toolUse', 'toolResult', 'reasoningContent', 'cachePoint']

/** Blocks have their kind as the name of their one field. */
function textOf(blocks: JsonValue[]): string {
  const texts = blocks.flatMap((block) => {
    const text = stringOf(fieldOf(block, 'text'))
    if (text !== null) return text
    const [kind] = typeof block === 'object' && block !== null ? Object.keys(block) : []
    return kind === undefined || SILENT.includes(kind) ? [] : `[${kind}]`
  })
  return texts.join('\n')
}

function nameOf(use: Unknown): { id: string | null; name: string } {
  return { id: stringOf(fieldOf(use, 'toolUseId')), name: stringOf(fieldOf(use, 'name')) ?? '' }
}

/** Reads an answer that is whole. */
export function readConverseJson(answer: ModelAnswer, body: JsonValue, at_ms = 0): void {
  const content = fieldOf(fieldOf(fieldOf(body, 'output'), 'message'), 'content')
  if (!Array.isArray(content)) answer.error = malformedAnswer('The answer has no content.')
  for (const block of listOf(content)) {
    answer.text += stringOf(fieldOf(block, 'text')) ?? ''
    const use = fieldOf(block, 'toolUse')
    if (use !== undefined) {
      answer.tool_calls.push({ ...nameOf(use), arguments: JSON.stringify(fieldOf(use, 'input') ?? {}), at_ms })
    }
  }
  readEnd(answer, body)
  readUsage(answer, body)
}

function readEnd(answer: ModelAnswer, holder: Unknown): void {
  const reason = stringOf(fieldOf(holder, 'stopReason'))
  if (reason === null) return
  answer.finish_reason = reason
  answer.finish = finishOf(reason)
}

/** What was read from a cache or written to one is counted apart from the input. */
function readUsage(answer: ModelAnswer, holder: Unknown): void {
  const usage = fieldOf(holder, 'usage')
  if (typeof usage !== 'object' || usage === null) return
  const input = ['inputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens']
  answer.usage = {
    input_tokens: input.reduce((sum, key) => sum + countOf(fieldOf(usage, key)), 0),
    output_tokens: countOf(fieldOf(usage, 'outputTokens')),
  }
}

/** Reads the events of a stream. */
export function readConverseStream(answer: ModelAnswer, events: StreamEvent[]): void {
  const uses = new Map<number, { head: Unknown; text: string; at_ms: number }>()
  for (const { name, json, at_ms } of events) {
    if (json === undefined) answer.error ??= malformedAnswer('An event of the stream cannot be read.')
    if (name === EXCEPTION) answer.error ??= readException(json)
    const index = countOf(fieldOf(json, 'contentBlockIndex'))
    const use = uses.get(index)
    const start = fieldOf(fieldOf(json, 'start'), 'toolUse')
    if (name === 'contentBlockStart' && start !== undefined) uses.set(index, { head: start, text: '', at_ms })
    if (name === 'contentBlockDelta') {
      const delta = fieldOf(json, 'delta')
      answer.text += stringOf(fieldOf(delta, 'text')) ?? ''
      if (use !== undefined) use.text += stringOf(fieldOf(fieldOf(delta, 'toolUse'), 'input')) ?? ''
    }
    if (use !== undefined && (name === 'contentBlockDelta' || name === 'contentBlockStop')) use.at_ms = at_ms
    if (name === 'messageStop') {
      readEnd(answer, json)
      answer.complete = true
      answer.complete_ms ??= at_ms
    }
    if (name === 'metadata') readUsage(answer, json)
  }
  for (const { head, text, at_ms } of uses.values()) {
    answer.tool_calls.push({ ...nameOf(head), arguments: text === '' ? '{}' : text, at_ms })
  }
}

/** The error of an exception within a stream. */
export function readException(json: Unknown): ModelAnswer['error'] {
  const message = stringOf(fieldOf(json, 'message')) ?? ''
  return { type: stringOf(fieldOf(json, 'type')), code: null, message: message || 'The stream ended in an exception.' }
}

/** The message that says just that. */
export function sayConverse({ id, text, tool_calls }: SaidAnswer): JsonObject {
  const uses = tool_calls.map((call, i) => ({
    toolUse: { toolUseId: `tooluse_${id}${i}`, name: call.name, input: call.arguments },
  }))
  const content = text === '' && uses.length > 0 ? uses : [{ text }, ...uses]
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: uses.length > 0 ? 'tool_use' : 'end_turn',
    usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
  }
}

/** The events of the stream that says it. */
export function streamConverse(said: SaidAnswer): [type: string, payload: JsonObject][] {
  const { output, stopReason, usage } = sayConverse(said)
  const blocks = listOf(fieldOf(fieldOf(output, 'message'), 'content')).flatMap(
    (block, contentBlockIndex): [string, JsonObject][] => {
      const use = fieldOf(block, 'toolUse')
      const delta = use === undefined ? block : { toolUse: { input: JSON.stringify(fieldOf(use, 'input')) } }
      const { toolUseId, name } = (use ?? {}) as JsonObject
      return [
        ...(use === undefined
          ? []
          : [
              ['contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId, name } } }] as [
                string,
                JsonObject,
              ],
            ]),
        ['contentBlockDelta', { contentBlockIndex, delta }],
        ['contentBlockStop', { contentBlockIndex }],
      ]
    },
  )
  return [
    ['messageStart', { role: 'assistant' }],
    ...blocks,
    ['messageStop', { stopReason: stopReason ?? null }],
    ['metadata', { usage: usage ?? null, metrics: { latencyMs: 0 } }],
  ]
}

function writeAnswer({ stream }: ModelRequest, said: SaidAnswer): WrittenAnswer {
  if (!stream) {
    return {
      content_type: 'application/json',
      body: JSON.stringify({ ...sayConverse(said), metrics: { latencyMs: 0 } }),
    }
  }
  const body = Buffer.concat(streamConverse(said).map(([type, payload]) => writeEvent(type, payload)))
  return { content_type: EVENT_STREAM, body }
}
