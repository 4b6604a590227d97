import OpenAI from 'openai'
import { TOOLS } from './tools.ts'
import type { Message, ToolCall } from './types.ts'

const MODEL = 'gpt-4.1-mini'

export interface Reply {
  /** What goes back to the model as its own turn. */
  message: Message
  text: string
  asked: ToolCall[]
}

export interface AskOptions {
  modelAttempts: number
  modelBackOffMs: (attempt: number) => number
  /** The chat window closes connections that stay silent, so chat is streamed. */
  stream: boolean
}

/** Asks the model for its next turn, `modelAttempts` times at most. */
export async function askModel(messages: Message[], options: AskOptions): Promise<Reply> {
  const client = new OpenAI({ maxRetries: 0 })
  for (let attempt = 1; ; attempt++) {
    try {
      return toReply(await complete(client, messages, options.stream))
    } catch (error) {
      if (attempt >= options.modelAttempts || !isTemporary(error)) throw error
      const pause = options.modelBackOffMs(attempt)
      if (pause > 0) await sleep(pause)
    }
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function complete(client: OpenAI, messages: Message[], stream: boolean) {
  const request = { model: MODEL, messages, tools: TOOLS, temperature: 0 }
  if (stream) {
    return client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalMessage()
  }
  const completion = await client.chat.completions.create(request)
  const message = completion.choices[0]?.message
  if (!message) throw new Error('The model gave no choice')
  return message
}

function toReply(message: OpenAI.Chat.ChatCompletionMessage): Reply {
  const calls = (message.tool_calls ?? []).filter((call) => call.type === 'function')
  const asked = calls.map((call) => ({ id: call.id, name: call.function.name, args: call.function.arguments }))
  if (calls.length === 0) {
    return { message: { role: 'assistant', content: message.content }, text: message.content ?? '', asked }
  }
  const turn = calls.map(({ id, function: { name, arguments: args } }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: args },
  }))
  return { message: { role: 'assistant', content: message.content, tool_calls: turn }, text: '', asked }
}

function isTemporary(error: unknown): boolean {
  if (error instanceof OpenAI.APIConnectionError) return true
  return error instanceof OpenAI.APIError && (error.status === 429 || (error.status ?? 0) >= 500)
}
