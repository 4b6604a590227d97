import { hashJson } from '../../core/hash.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { classifyError, classifyText, type ErrorClass } from '../classify-error.ts'
import { groupAttempts } from '../group-attempts.ts'
import { endOf, type Timeline } from '../timeline.ts'
import { hashText } from './arguments.ts'
import type { ToolUse, Wrapper } from './tool-use.ts'

/** How a tool call went. Times are offsets from the start of the run, ms. */
export interface ToolOutcome {
  started_ms: number
  ended_ms: number
  error_class: ErrorClass | null
  /** What the tool gave back, as text; null when it is not known. */
  result: string | null
  result_hash: string | null
  /** False when the run ended while the tool was still at work. */
  settled: boolean
  /** Attempts beyond the first of the requests that it made. */
  retries: number
  attempt_errors: ErrorClass[]
}

/** Reads how a tool call went, off the wrapped function if there is one, else off its result and its requests. */
export function readOutcome(use: ToolUse, timeline: Timeline): ToolOutcome {
  const { wrapper } = use
  if (wrapper === null) return readFromTraffic(use, timeline)
  const outcome = readFromWrapper(use, wrapper.interaction, timeline)
  return wrapper.mcp === undefined ? outcome : { ...outcome, error_class: wrapper.mcp.error_class }
}

/** The requests within a wrapped function are not consulted: a replay serves the function and does not make them. */
function readFromWrapper(use: ToolUse, interaction: Wrapper['interaction'], timeline: Timeline): ToolOutcome {
  const { end, value, started_ms } = interaction
  const error = end?.error
  const thrown = error === undefined ? null : { name: error.name, message: error.message }
  const result = value === undefined ? (use.result?.text ?? error?.message ?? null) : asText(value)
  let error_class: ErrorClass | null = null
  if (end === null) error_class = 'unfinished'
  else if (error !== undefined) error_class = classifyError(error) ?? 'tool_error'
  else if (end.kind !== 'complete') error_class = 'tool_error'
  else if (result !== null && isErrorResult(result)) error_class = classifyText(result) ?? 'tool_error'
  else if (use.result?.is_error === true) error_class = classifyText(use.result.text) ?? 'tool_error'
  return {
    started_ms,
    ended_ms: endOf(interaction, timeline),
    error_class,
    result,
    result_hash: value === undefined ? thrown && hashJson(thrown) : hashText(asText(value)),
    settled: end !== null,
    retries: 0,
    attempt_errors: [],
  }
}

function readFromTraffic({ asked, result, requests }: ToolUse, timeline: Timeline): ToolOutcome {
  const known_ms = asked?.at_ms ?? 0
  const starts = requests.map(({ interaction }) => interaction.started_ms)
  const started_ms = starts.length === 0 ? known_ms : Math.min(...starts)
  const sent_ms = result?.carrier.started_ms ?? timeline.last_ms
  // A request that the tool gave up waiting for may outlive it.
  const ends = requests.map(({ ended_ms }) => Math.min(ended_ms, Math.max(sent_ms, started_ms)))
  const groups = groupAttempts(requests)
  return {
    started_ms,
    ended_ms: ends.length === 0 ? Math.max(sent_ms, started_ms) : Math.max(...ends),
    error_class: classifyTraffic(result, requests),
    result: result?.text ?? null,
    result_hash: result === null ? null : hashText(result.text),
    settled: result !== null || requests.every(({ error_class }) => error_class !== 'unfinished'),
    retries: groups.reduce((sum, group) => sum + group.length - 1, 0),
    attempt_errors: groups.flatMap((group) => group.slice(0, -1).flatMap(({ error_class }) => error_class ?? [])),
  }
}

function classifyTraffic(result: ToolUse['result'], requests: ToolUse['requests']): ErrorClass | null {
  const last = requests.toSorted((a, b) => a.ended_ms - b.ended_ms).at(-1)
  const told = result !== null && (result.is_error || isErrorResult(result.text)) ? result.text : null
  // A request that is still open when the result is sent was given up; only the tool's own words can say why.
  if (last?.error_class === 'unfinished' && told !== null) return classifyText(told) ?? 'unfinished'
  if (last?.error_class) return last.error_class
  if (told === null) return null
  return classifyText(told) ?? requests.findLast(({ error_class }) => error_class)?.error_class ?? 'tool_error'
}

const ERROR_START = /^\s*(?:error|exception|failed|failure|timeout|timed out)\b/i
const ERROR_NAME = /^\s*(?:\w+(?:Error|Exception)\b|Traceback \()/

/** True when a tool's result says that the tool failed: by how its text starts, or by a field of its JSON. */
export function isErrorResult(text: string): boolean {
  const value = parseJson(text)
  if (isJsonObject(value)) {
    const { error, isError, is_error, status } = value
    return isTold(error) || isError === true || is_error === true || status === 'error'
  }
  const words = typeof value === 'string' ? value : text
  return ERROR_START.test(words) || ERROR_NAME.test(words)
}

/** An error field that says something: many results carry an empty one. */
function isTold(error: JsonValue | undefined): boolean {
  if (Array.isArray(error)) return error.length > 0
  if (isJsonObject(error)) return Object.keys(error).length > 0
  return error !== undefined && error !== null && error !== false && error !== '' && error !== 0
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
