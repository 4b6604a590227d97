import type { Fixture } from '@copilotkit/aimock'
import type { Exchange } from './exchange.ts'

interface OpenAiAnswer {
  choices?: {
    finish_reason: string
    message: { content: string | null; tool_calls?: { id: string; function: { name: string; arguments: string } }[] }
  }[]
}
interface AnthropicAnswer {
  stop_reason: string
  content: { type: string; text?: string; id?: string; name?: string; input?: unknown }[]
}

/** What a model answered, as AIMock writes it down. */
export function readAnswer(answer: Exchange['answer']): Fixture['response'] {
  if (answer === null) throw new Error('no fixture says that a model never answers')
  const body = JSON.parse(answer.text) as OpenAiAnswer & AnthropicAnswer & { error?: { message: string; type: string } }
  if (answer.status >= 400) return { status: answer.status, error: body.error ?? { message: answer.text } }
  const choice = body.choices?.[0]
  if (choice) {
    const { content, tool_calls = [] } = choice.message
    const toolCalls = tool_calls.map(({ id, function: { name, arguments: args } }) => ({ id, name, arguments: args }))
    return respond(content ?? '', toolCalls, choice.finish_reason)
  }
  const toolCalls = body.content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name = '', input }) => ({ ...(id && { id }), name, arguments: JSON.stringify(input) }))
  return respond(body.content.map(({ text }) => text ?? '').join(''), toolCalls, body.stop_reason)
}

type ToolCalls = { name: string; arguments: string; id?: string }[]

function respond(content: string, toolCalls: ToolCalls, reason: string): Fixture['response'] {
  if (toolCalls.length > 0) return content === '' ? { toolCalls } : { content, toolCalls }
  return reason === 'length' || reason === 'max_tokens' ? { content, finishReason: 'length' } : { content }
}
