import { isJsonObject, type JsonValue } from '../../core/json.ts'
import { textOf } from './message.ts'
import { readMessages } from './read-messages.ts'

const LISTS = ['messages', 'contents', 'candidates', 'choices', 'generations', 'parts']

/** What an agent was called with or gave back: the words of a conversation where the value is one, else the value. */
export function saidIn(value: JsonValue | undefined, side: 'input' | 'output'): JsonValue | undefined {
  if (value === undefined || value === null || !isConversation(value)) return value ?? undefined
  const { messages } = readMessages(value, side === 'input' ? 'user' : 'assistant')
  const said =
    side === 'input'
      ? messages.find((message) => message.role === 'user')
      : messages.findLast((message) => textOf(message) !== '')
  const text = said === undefined ? '' : textOf(said)
  return text === '' ? value : text
}

function isConversation(value: JsonValue): boolean {
  if (Array.isArray(value))
    return value.length > 0 && value.every((item) => isJsonObject(item) && typeof item.role === 'string')
  if (!isJsonObject(value)) return false
  return typeof value.role === 'string' || LISTS.some((key) => Array.isArray(value[key]))
}
