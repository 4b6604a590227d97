import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'

/** A tool call as a model asks for it. */
export interface ModelToolCall {
  /** Null in protocols, and in old forms of protocols, whose calls have no id. */
  id: string | null
  name: string
  /** JSON text as the model wrote it, so possibly malformed; the free text of a custom tool is given as a JSON string. */
  arguments: string
}

/** A tool call in an answer. */
export interface AskedToolCall extends ModelToolCall {
  /** When the call was known in full: offset from the request, ms. */
  at_ms: number
}

/** What a tool gave back, as the agent tells it to the model. */
export interface ModelToolResult {
  call_id: string | null
  /** The tool, where the protocol repeats its name with the result. */
  name: string | null
  text: string
  /** True when the agent marked the result as an error; protocols without such a mark always say false. */
  is_error: boolean
}

/** One message of a conversation. Parts that are no text stand in `text` as their type in brackets: `[image]`. */
export interface ModelMessage {
  /** As on the wire: `system`, `developer`, `user`, `assistant`, `tool`, … */
  role: string
  text: string
  tool_calls: ModelToolCall[]
  tool_results: ModelToolResult[]
}

/** What a model is asked. A system prompt that stands outside the messages is the first message here. */
export interface ModelRequest {
  model: string | null
  stream: boolean
  messages: ModelMessage[]
  /** Names of the tools on offer. */
  tools: string[]
  /** All other fields of the request, as they are. */
  parameters: JsonObject
}

/** Why an answer ended, whatever word the provider has for it. */
export type Finish = 'end' | 'tool' | 'length' | 'filtered' | 'pause' | 'error' | 'other'

/** Tokens of a call. Input includes tokens that were read from or written to a cache. */
export interface ModelUsage {
  input_tokens: number
  output_tokens: number
}

export interface ModelError {
  /** The provider's own type (`rate_limit_error`); `malformed_answer` when the answer cannot be read; null when there is none. */
  type: string | null
  /** The provider's own code (`context_length_exceeded`); null when there is none. */
  code: string | null
  message: string
}

/** What a model answered, as far as it can be known. */
export interface ModelAnswer {
  model: string | null
  id: string | null
  /** Text of the first choice, without reasoning. */
  text: string
  /** Tool calls that the agent has to run; calls that the provider runs itself are left out. */
  tool_calls: AskedToolCall[]
  /** As on the wire; null when the answer has none. */
  finish_reason: string | null
  /** Null when the answer broke off before it said. */
  finish: Finish | null
  usage: ModelUsage | null
  /** The model's words of refusal; null without one. */
  refusal: string | null
  /** Errors with a status of 4xx or 5xx, and errors sent within an answer of status 200. */
  error: ModelError | null
  /** True when the answer came to its own end: a whole JSON body, or a stream that said it was over. */
  complete: boolean
  /** When it came to its end: offset from the request, ms. Null when it did not. */
  complete_ms: number | null
}

/** Where and how a provider is asked for real. */
export interface LiveAccess {
  /** Variables that hold the base URL and the key. */
  base_url: string
  key: string
  /** What comes behind the base URL; by the URL of the request where that names the model. */
  path: string | ((url: string) => string)
  /** Where the provider is asked without a base URL; a pattern where there is one for each region. */
  origin: string | RegExp
  /** The header that brings the key. */
  authorise(key: string): [name: string, value: string]
}

/** What a model is to say, where an answer is made up. */
export interface SaidAnswer {
  /** Of the answer and, with a number behind it, of its tool calls: letters and digits. */
  id: string
  text: string
  tool_calls: { name: string; arguments: JsonValue }[]
}

/** An answer as it goes over the wire. */
export interface WrittenAnswer {
  content_type: string
  /** Bytes where the framing is no text. */
  body: string | Uint8Array
}

/**
 * What requests and answers mean in one wire protocol. No method throws, whatever bytes it is given:
 * it tells what can be known.
 */
export interface Protocol {
  /** `openai-chat`, `anthropic-messages`, … */
  readonly id: string
  /** Value of `gen_ai.provider.name` where the host does not tell. */
  readonly provider: string
  /** Value of `gen_ai.operation.name`. Where it is `embeddings` there is no conversation. */
  readonly operation: string
  /** JSON paths of request fields that differ between equal runs by nature and cannot change the answer. */
  readonly volatileFields: readonly string[]
  /** Matches a whole value that the provider generated: an id of a call, an answer or a message. */
  readonly generatedIdPattern: RegExp
  /** How the real system is asked: as its SDK does it, by the environment. */
  readonly live: LiveAccess
  /** True for a request of this protocol, by path and body, so that base URLs and gateways of any name do. */
  detect(request: HttpRequest, body: JsonObject): boolean
  /** @param url Some protocols name the model in the path. Empty for a call that was not made over HTTP. */
  readRequest(body: JsonObject, url: string): ModelRequest
  readAnswer(answer: HttpAnswer): ModelAnswer
  /** The body of an answer that says just that: JSON, or the events of a stream. Null where answers say nothing. */
  writeAnswer(request: ModelRequest, said: SaidAnswer): WrittenAnswer | null
  /** The answer that a function returned as a value; null when the value is no answer of this protocol. */
  readValue(value: JsonValue): ModelAnswer | null
}
