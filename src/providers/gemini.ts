import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'
import { finishOf } from './finish.ts'
import { readJsonArray } from './json-array.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import type {
  ModelAnswer,
  ModelMessage,
  ModelRequest,
  ModelToolResult,
  Protocol,
  SaidAnswer,
  WrittenAnswer,
} from './protocol.ts'
import { blankAnswer, readAnswerBody, type StreamEvent } from './read-body.ts'
import { countOf, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

type Unknown = JsonValue | undefined

/** The path names the model, and whether the answer is a stream. */
const PATH = /\/(?:([^/:]+)):(generateContent|streamGenerateContent)$/

/** Google's Gemini: the Gemini API, Vertex AI, and gateways to either. Of several candidates the first is read. */
export const gemini: Protocol = {
  id: 'gemini',
  provider: 'gcp.gemini',
  operation: 'chat',
  // What the model was thinking, sealed: it differs from run to run, and says nothing that the texts do not.
  volatileFields: ['$.contents[*].parts[*].thoughtSignature', '$.contents[*].parts[*].thought_signature'],
  generatedIdPattern: /^(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,40}$/,
  live: {
    base_url: 'GOOGLE_GEMINI_BASE_URL',
    key: 'GEMINI_API_KEY',
    path: (url) => {
      const { pathname, search } = new URL(url)
      return `${/\/v\d[^/]*\/models\/.*$/.exec(pathname)?.[0] ?? pathname}${search}`
    },
    origin: 'https://generativelanguage.googleapis.com',
    authorise: (key) => ['x-goog-api-key', key],
  },
  detect: (request: HttpRequest, body: JsonObject) =>
    PATH.test(pathOf(request.url)) && (Array.isArray(body.contents) || fieldOf(body.contents, 'parts') !== undefined),
  readRequest,
  readAnswer: (answer: HttpAnswer) =>
    readAnswerBody(answer, { json: readJson, stream: readStream, events: readJsonArray }),
  writeAnswer,
  readValue(value: JsonValue): ModelAnswer | null {
    const isBlocked = fieldOf(fieldOf(value, 'promptFeedback'), 'blockReason') !== undefined
    if (!Array.isArray(fieldOf(value, 'candidates')) && !isBlocked) return null
    const answer = blankAnswer()
    readJson(answer, value)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

/** A field by either of its names: requests may be written in both styles. */
function either(value: Unknown, camel: string): Unknown {
  return (
    fieldOf(value, camel) ??
    fieldOf(
      value,
      camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
  )
}

function readRequest(body: JsonObject, url: string): ModelRequest {
  const found = PATH.exec(pathOf(url))
  const contents = Array.isArray(body.contents) ? body.contents : [body.contents ?? {}]
  const messages = contents.map(readContent)
  const system = either(body, 'systemInstruction')
  if (system !== undefined) messages.unshift({ ...readContent(system), role: 'system' })
  const declared = listOf(body.tools).flatMap((tool) => listOf(either(tool, 'functionDeclarations')))
  const alt = URL.canParse(url) ? new URL(url).searchParams.get('alt') : null
  return {
    model: found?.[1] === undefined ? stringOf(body.model) : nameInPath(found[1]),
    stream: found?.[2] === 'streamGenerateContent',
    messages,
    tools: declared.flatMap((tool) => stringOf(fieldOf(tool, 'name')) ?? []),
    parameters: {
      ...withoutFields(body, ['contents', 'systemInstruction', 'system_instruction', 'tools', 'model']),
      // Says how a stream is framed, and stands in the query.
      ...(alt !== null && { alt }),
    },
  }
}

function nameInPath(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function readContent(content: JsonValue): ModelMessage {
  const parts = typeof content === 'string' ? [{ text: content }] : listOf(fieldOf(content, 'parts'))
  return {
    // Without a role it is the user's.
    role: stringOf(fieldOf(content, 'role')) ?? 'user',
    text: parts.flatMap(textOf).join('\n'),
    tool_calls: parts.flatMap((part) => {
      const call = either(part, 'functionCall')
      return call === undefined ? [] : { ...nameOf(call), arguments: JSON.stringify(fieldOf(call, 'args') ?? {}) }
    }),
    tool_results: parts.flatMap((part) => readToolResult(either(part, 'functionResponse'))),
  }
}

function readToolResult(result: Unknown): ModelToolResult[] {
  if (result === undefined) return []
  const response = fieldOf(result, 'response')
  const output = fieldOf(response, 'output')
  const error = fieldOf(response, 'error')
  const { id, name } = nameOf(result)
  return [
    {
      call_id: id,
      name,
      text: stringOf(output) ?? stringOf(error) ?? JSON.stringify(response ?? {}),
      // By these two names a result says what came of it.
      is_error: error !== undefined && error !== null && output === undefined,
    },
  ]
}

function nameOf(call: Unknown): { id: string | null; name: string } {
  return { id: stringOf(fieldOf(call, 'id')), name: stringOf(fieldOf(call, 'name')) ?? '' }
}

const SILENT = ['functionCall', 'function_call', 'functionResponse', 'function_response']
/** What tells of a part, and is none itself. */
const MARKS = ['thought', 'thoughtSignature', 'thought_signature', 'videoMetadata', 'video_metadata']

/** The text of a part: nothing of thoughts and tools, the kind of any other. */
function textOf(part: JsonValue): string[] {
  if (fieldOf(part, 'thought') === true) return []
  const text = stringOf(fieldOf(part, 'text'))
  if (text !== null) return [text]
  const kinds = typeof part === 'object' && part !== null ? Object.keys(part) : []
  const kind = kinds.find((key) => !MARKS.includes(key))
  return kind === undefined || SILENT.includes(kind) ? [] : [`[${kind}]`]
}

function readJson(answer: ModelAnswer, body: JsonValue, at_ms = 0): void {
  answer.error = findError(body)
  const feedback = either(body, 'promptFeedback')
  if (answer.error === null && !Array.isArray(fieldOf(body, 'candidates')) && feedback === undefined) {
    answer.error = malformedAnswer('The answer has no candidates.')
  }
  readChunk(answer, body, at_ms)
}

/** The type of an error is its status, as `RESOURCE_EXHAUSTED`. */
function findError(body: Unknown): ModelAnswer['error'] {
  const error = findModelError(body)
  const status = stringOf(fieldOf(fieldOf(Array.isArray(body) ? body[0] : body, 'error'), 'status'))
  return error && { ...error, type: error.type ?? status }
}

/** Reads a whole answer, or one piece of a stream: both have the same form. */
function readChunk(answer: ModelAnswer, body: Unknown, at_ms: number): void {
  answer.model ??= stringOf(either(body, 'modelVersion'))
  answer.id ??= stringOf(either(body, 'responseId'))
  const blocked = stringOf(either(either(body, 'promptFeedback'), 'blockReason'))
  if (blocked !== null) {
    answer.refusal = stringOf(either(either(body, 'promptFeedback'), 'blockReasonMessage')) ?? ''
    answer.finish_reason = blocked
    answer.finish = 'filtered'
  }
  const candidate = listOf(fieldOf(body, 'candidates')).find((one) => countOf(fieldOf(one, 'index')) === 0)
  for (const part of listOf(fieldOf(fieldOf(candidate, 'content'), 'parts'))) {
    if (fieldOf(part, 'thought') === true) continue
    answer.text += stringOf(fieldOf(part, 'text')) ?? ''
    const call = either(part, 'functionCall')
    if (call === undefined) continue
    answer.tool_calls.push({ ...nameOf(call), arguments: JSON.stringify(fieldOf(call, 'args') ?? {}), at_ms })
  }
  readFinish(answer, candidate)
  readUsage(answer, either(body, 'usageMetadata'))
}

function readFinish(answer: ModelAnswer, candidate: Unknown): void {
  const reason = stringOf(either(candidate, 'finishReason'))
  if (reason === null || reason === 'FINISH_REASON_UNSPECIFIED') return
  answer.finish_reason = reason
  const finish = finishOf(reason)
  answer.finish = finish === 'end' && answer.tool_calls.length > 0 ? 'tool' : finish
  if (finish === 'filtered') answer.refusal = stringOf(either(candidate, 'finishMessage')) ?? answer.refusal
}

/** Each count is a total of what came so far. Thoughts are paid for as output; what tools were told, as input. */
function readUsage(answer: ModelAnswer, usage: Unknown): void {
  if (typeof usage !== 'object' || usage === null) return
  const sum = (...keys: string[]): number => keys.reduce((total, key) => total + countOf(either(usage, key)), 0)
  answer.usage = {
    input_tokens: sum('promptTokenCount', 'toolUsePromptTokenCount'),
    output_tokens: sum('candidatesTokenCount', 'thoughtsTokenCount'),
  }
}

function readStream(answer: ModelAnswer, events: StreamEvent[]): void {
  for (const { json, at_ms } of events) {
    if (json === undefined) answer.error ??= malformedAnswer('An event of the stream is not JSON.')
    answer.error ??= findError(json)
    readChunk(answer, json, at_ms)
    // No event says that the stream is over; the last one says why the answer is.
    if (answer.finish_reason === null) continue
    answer.complete = true
    answer.complete_ms ??= at_ms
  }
}

function writeAnswer({ model, stream, parameters }: ModelRequest, { id, text, tool_calls }: SaidAnswer): WrittenAnswer {
  const calls = tool_calls.map((call, i) => ({
    functionCall: { id: `${id}${i}`, name: call.name, args: call.arguments },
  }))
  const parts = text === '' && calls.length > 0 ? calls : [{ text }, ...calls]
  const body = {
    candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
    modelVersion: model,
    responseId: id,
  }
  if (!stream) return { content_type: 'application/json; charset=UTF-8', body: JSON.stringify(body) }
  if (parameters.alt !== 'sse') return { content_type: 'application/json', body: JSON.stringify([body]) }
  return { content_type: 'text/event-stream', body: `data: ${JSON.stringify(body)}\r\n\r\n` }
}
