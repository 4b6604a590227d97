import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'

/** One message of JSON-RPC, as far as who waits for whom goes. */
export interface RpcLine {
  /** The first message of it. */
  message: JsonObject
  /** Ids of the requests in it, as JSON: each is answered. */
  asks: string[]
  /** Ids of the requests that it answers, as JSON. */
  answers: string[]
  /** Name of the progress that it tells of, as JSON. */
  progress: string | null
  /** The request that nobody waits for any more, as JSON, and why. */
  cancels: { id: string; reason: string } | null
}

/** Reads a line of JSON-RPC; null for anything else. */
export function readRpcLine(text: string): RpcLine | null {
  const value = parseJson(text)
  const messages = (Array.isArray(value) ? value : [value]).filter(isJsonObject)
  const [message] = messages
  if (message === undefined) return null
  const withId = messages.filter(({ id }) => id !== undefined && id !== null)
  const params = isJsonObject(message.params) ? message.params : {}
  const { requestId, reason = '' } = params
  return {
    message,
    asks: withId.filter(({ method }) => method !== undefined).map(({ id }) => nameOf(id)),
    answers: withId.filter(({ method }) => method === undefined).map(({ id }) => nameOf(id)),
    progress: message.method === 'notifications/progress' ? nameOf(params.progressToken) : null,
    cancels: message.method === 'notifications/cancelled' ? { id: nameOf(requestId), reason: String(reason) } : null,
  }
}

/** The name of the progress that a request wants to be told, as JSON; null for none. */
export function tokenOf({ params }: JsonObject): string | null {
  const meta = isJsonObject(params) && isJsonObject(params._meta) ? params._meta : {}
  return meta.progressToken === undefined ? null : nameOf(meta.progressToken)
}

function nameOf(value: JsonValue | undefined): string {
  return JSON.stringify(value ?? null)
}

/** The error with which a client gives a request up. */
export function cancellation(reason: string): Error {
  return Object.assign(new Error(reason), { name: 'AbortError' })
}
