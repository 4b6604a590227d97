import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'
import { readResponse, readResponseStream } from './openai-responses-answer.ts'
import { callOfItem, resultOfItem, toolNameOf, toolsOfItem } from './openai-responses-items.ts'
import { writeResponse } from './openai-responses-write.ts'
import type { ModelAnswer, ModelMessage, ModelRequest, Protocol } from './protocol.ts'
import { blankAnswer, readAnswerBody } from './read-body.ts'
import { contentText, fieldOf, listOf, pathOf, stringOf, withoutFields } from './wire.ts'

/** OpenAI's responses, on its own API, on Azure, and on the servers that speak them as well. */
export const openaiResponses: Protocol = {
  id: 'openai-responses',
  provider: 'openai',
  operation: 'chat',
  volatileFields: [],
  generatedIdPattern: /^(?:resp|msg|fc|call|rs|ctc)_(?:[A-Za-z0-9]{16,}|(?=[A-Za-z]*\d)[A-Za-z0-9]+)$/,
  live: {
    base_url: 'OPENAI_BASE_URL',
    key: 'OPENAI_API_KEY',
    path: '/responses',
    origin: 'https://api.openai.com',
    authorise: (key) => ['authorization', `Bearer ${key}`],
  },
  detect(request: HttpRequest, body: JsonObject): boolean {
    if (!pathOf(request.url).endsWith('/responses')) return false
    const { input, prompt, previous_response_id } = body
    // A stored prompt, or the answer before, may be all that is sent.
    return typeof input === 'string' || Array.isArray(input) || isFilled(prompt) || isFilled(previous_response_id)
  },
  readRequest,
  readAnswer: (answer: HttpAnswer) => readAnswerBody(answer, { json: readResponse, stream: readResponseStream }),
  writeAnswer: writeResponse,
  readValue(value: JsonValue): ModelAnswer | null {
    if (fieldOf(value, 'object') !== 'response' || !Array.isArray(fieldOf(value, 'output'))) return null
    const answer = blankAnswer()
    readResponse(answer, value, 0)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

function isFilled(value: JsonValue | undefined): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

function readRequest(body: JsonObject): ModelRequest {
  const { input, instructions } = body
  const messages = typeof input === 'string' ? [messageOf('user', input)] : readItems(listOf(input))
  if (instructions !== undefined && instructions !== null) {
    const text = Array.isArray(instructions)
      ? readItems(instructions).map((one) => one.text)
      : [contentText(instructions)]
    messages.unshift(messageOf('system', text.join('\n')))
  }
  return {
    model: stringOf(body.model),
    stream: body.stream === true,
    messages,
    tools: [...listOf(body.tools), ...listOf(input).flatMap(toolsOfItem)].flatMap(namesOfTool),
    parameters: withoutFields(body, ['model', 'stream', 'input', 'instructions', 'tools']),
  }
}

/** The names under which the tools of one entry are called. */
function namesOfTool(tool: JsonValue): string[] {
  if (fieldOf(tool, 'type') === 'namespace') return listOf(fieldOf(tool, 'tools')).flatMap(namesOfTool)
  const name = stringOf(fieldOf(tool, 'name')) ?? toolNameOf(stringOf(fieldOf(tool, 'type')) ?? '')
  return name === '' ? [] : [name]
}

/** Items of a conversation as messages. What the model says and asks for at one time is one message, as in other protocols. */
function readItems(items: readonly JsonValue[]): ModelMessage[] {
  const messages: ModelMessage[] = []
  const toAssistant = (): ModelMessage => {
    const last = messages.at(-1)
    if (last?.role === 'assistant') return last
    const begun = messageOf('assistant', '')
    messages.push(begun)
    return begun
  }
  for (const item of items) {
    const call = callOfItem(item)
    const result = resultOfItem(item)
    const role = stringOf(fieldOf(item, 'role'))
    if (call !== null) toAssistant().tool_calls.push(call)
    else if (result !== null) messages.push({ ...messageOf('tool', ''), tool_results: [result] })
    else if (role !== null) messages.push(messageOf(role, contentText(fieldOf(item, 'content'))))
    else addMention(toAssistant, item)
  }
  return messages
}

/** What the provider did itself, or keeps: only that it was there. */
function addMention(toAssistant: () => ModelMessage, item: JsonValue): void {
  const type = stringOf(fieldOf(item, 'type'))
  if (type === null || type === 'reasoning') return
  const message = toAssistant()
  message.text += `${message.text === '' ? '' : '\n'}[${type}]`
}

function messageOf(role: string, text: string): ModelMessage {
  return { role, text, tool_calls: [], tool_results: [] }
}
