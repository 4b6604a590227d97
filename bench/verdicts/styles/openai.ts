import OpenAI from 'openai'
import { converse, schemaOf, trim } from '../agent/converse.ts'
import { toCall } from '../agent/steps.ts'
import type { AgentInput, AgentOutput, AgentParams, Conversation, Policy, Turn } from '../agent/types.ts'

/** The agent on the plain `openai` SDK. */
export function run(input: AgentInput, params?: AgentParams): Promise<AgentOutput> {
  return converse(input, params, open)
}

function open(question: string, policy: Policy): Conversation {
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0 })
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [
    { role: 'system', content: policy.system },
    { role: 'user', content: question },
  ]
  return {
    async ask() {
      const completion = await complete(client, messages, policy)
      const { message, finish_reason } = completion.choices[0] ?? {}
      const asked = (message?.tool_calls ?? []).filter((call) => call.type === 'function')
      const tool_calls = asked.map(({ id, function: { name, arguments: args } }) => ({
        id,
        type: 'function' as const,
        function: { name, arguments: args },
      }))
      const turn: Turn = {
        text: message?.content ?? '',
        calls: asked.map(({ id, function: { name, arguments: args } }) => toCall(id, name, args)),
        truncated: finish_reason === 'length',
        tokens: completion.usage?.prompt_tokens ?? 0,
      }
      if (asked.length > 0) messages.push({ role: 'assistant', content: message?.content ?? null, tool_calls })
      return turn
    },
    tell(results) {
      for (const { id, result } of results) messages.push({ role: 'tool', tool_call_id: id, content: result })
    },
  }
}

function complete(client: OpenAI, messages: OpenAI.Chat.ChatCompletionMessageParam[], policy: Policy) {
  const request = {
    model: policy.model,
    max_tokens: policy.maxTokens,
    messages: trim(messages, 2, policy.keepMessages),
    tools: policy.tools.map(({ name, description, parameters }) => ({
      type: 'function' as const,
      function: { name, description, parameters: schemaOf(parameters) },
    })),
  }
  if (!policy.stream) return client.chat.completions.create(request)
  return client.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
}
