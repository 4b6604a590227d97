import type { JsonValue } from '../../src/core/json.ts'
import type { FunctionInteraction, HttpInteraction, Interaction, InteractionEnd } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { ErrorShape, RunFinish } from '../../src/model/run.ts'

export const STARTED_AT = 1_700_000_000_000

/** A recording of some interactions. Without a finish the process died. */
export function recordingOf(interactions: Interaction[], finish?: Partial<RunFinish> | null): Recording {
  return {
    format: 'retrial/1',
    run: { run_id: 'run_1', trace_id: '0af7651916cd43dd8448eb211c80319c', started_at: STARTED_AT },
    input: { question: 'refund?' },
    runtime: { node: '24.0.0', platform: 'linux' },
    redaction: null,
    interactions,
    notes: [],
    finish:
      finish === null ? null : { at_ms: 10_000, stop_reason: 'completed', output: 'done', error: null, ...finish },
    integrity: 'sealed',
  }
}

interface HttpOptions {
  at: number
  took?: number
  method?: string
  body?: unknown
  headers?: [string, string][]
  /** 0 when no headers came. */
  status?: number
  answer?: unknown
  end?: InteractionEnd | null
  parent?: string
}

/** A plain request; complete after 10 ms with status 200 unless told otherwise. */
export function http(id: string, url: string, options: HttpOptions): HttpInteraction {
  const { at, took = 10, method = 'GET', body, headers = [], status = 200, answer = { ok: true }, parent } = options
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
  return {
    id,
    kind: 'http',
    door: 'fetch',
    started_ms: at,
    parent,
    request: { method, url, headers, body: body === undefined ? null : { text: JSON.stringify(body) } },
    answer:
      status === 0
        ? null
        : {
            status,
            status_text: '',
            headers: [['content-type', 'application/json']],
            headers_ms: took,
            chunks: [[took, { text }]],
          },
    end: options.end === undefined ? { kind: 'complete', offset_ms: took } : options.end,
  }
}

/** A request that the network failed, or that the client gave up. */
export function failed(
  id: string,
  url: string,
  options: HttpOptions & { error: ErrorShape; kind?: 'failed' | 'aborted' },
): HttpInteraction {
  const { error, kind = 'failed', took = 10 } = options
  return http(id, url, { ...options, status: options.status ?? 0, end: { kind, offset_ms: took, error } })
}

/** A tool call as a model asks for it. */
export type Call = [id: string, name: string, args: string]

/** What a model answers: text, tool calls, a status, or a stream. */
export interface Reply {
  text?: string
  calls?: Call[]
  status?: number
  finish?: string
}

const CHAT = 'https://api.openai.com/v1/chat/completions'

/** A chat completion; complete after 100 ms unless told otherwise. */
export function chat(
  id: string,
  messages: unknown[],
  reply: Reply,
  options: HttpOptions & { tools?: string[]; model?: string },
): HttpInteraction {
  const { tools, model = 'gpt-4o' } = options
  const tool_calls = reply.calls?.map(([call, name, args]) => ({
    id: call,
    type: 'function',
    function: { name, arguments: args },
  }))
  const finish_reason = reply.finish ?? (tool_calls ? 'tool_calls' : 'stop')
  const message = { role: 'assistant', content: reply.text ?? null, tool_calls }
  const answer =
    reply.status === undefined
      ? {
          id: `chatcmpl-${id}1`,
          model: 'gpt-4o-2024',
          choices: [{ index: 0, message, finish_reason }],
          usage: { prompt_tokens: 10, completion_tokens: 5 },
        }
      : { error: { message: 'no', type: 'x' } }
  return http(id, CHAT, {
    took: 100,
    method: 'POST',
    status: reply.status ?? 200,
    answer,
    ...options,
    body: { model, messages, ...(tools && { tools: tools.map((name) => ({ type: 'function', function: { name } })) }) },
  })
}

/** A call of a wrapped function; returns after 10 ms unless told otherwise. */
export function wrapped(
  kind: 'tool' | 'model',
  id: string,
  name: string,
  args: JsonValue,
  options: { at: number; took?: number; value?: JsonValue; error?: ErrorShape; end?: null; parent?: string },
): FunctionInteraction {
  const { at, took = 10, value, error, parent } = options
  const end: InteractionEnd | null =
    options.end === null ? null : { kind: error ? 'failed' : 'complete', offset_ms: took, ...(error && { error }) }
  return { id, kind, name, args, started_ms: at, parent, value, end }
}

export const user = { role: 'user', content: 'refund?' }

/** The message in which an agent repeats the calls that a model asked for. */
export function asks(...calls: Call[]): unknown {
  const tool_calls = calls.map(([id, name, args]) => ({ id, type: 'function', function: { name, arguments: args } }))
  return { role: 'assistant', content: null, tool_calls }
}

/** The message in which an agent tells a tool's result. */
export function tells(tool_call_id: string, content: string): unknown {
  return { role: 'tool', tool_call_id, content }
}
