import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../core/json.ts'
import { answerText, type HttpAnswer } from '../../model/interaction.ts'
import type { JsonRpcId } from './read-request.ts'

/** What came of a request. */
export interface McpAnswer {
  /** Null for an error of the protocol. */
  result: JsonObject | null
  error: { code: number | null; message: string } | null
}

/** What a server answered to a request; null when its answer never came. */
export function readMcpAnswer(answer: HttpAnswer, id: JsonRpcId | null): McpAnswer | null {
  for (const message of readMessages(answerText(answer))) {
    if (!isJsonObject(message) || message.id !== id || 'method' in message) continue
    if (isJsonObject(message.result)) return { result: message.result, error: null }
    if (isJsonObject(message.error)) {
      const { code, message: text } = message.error
      const words = typeof text === 'string' ? text : 'an error'
      return { result: null, error: { code: typeof code === 'number' ? code : null, message: words } }
    }
  }
  return null
}

/** The messages of an answer: a JSON document, a stream of events, or one a line. */
function readMessages(text: string): JsonValue[] {
  const whole = parseJson(text)
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole]
  return text.split(/\r?\n/).flatMap((line) => {
    const message = parseJson(line.replace(/^data: ?/, ''))
    return message === undefined ? [] : Array.isArray(message) ? message : [message]
  })
}

/** What a tool gave back, as a model gets to see it: its texts, else the whole result. */
export function textOfToolResult({ content, ...rest }: JsonObject): string {
  const parts = Array.isArray(content) ? content : []
  const texts = parts.flatMap((part) => (isJsonObject(part) && typeof part.text === 'string' ? [part.text] : []))
  return texts.length > 0 && texts.length === parts.length ? texts.join('\n') : JSON.stringify({ content, ...rest })
}
