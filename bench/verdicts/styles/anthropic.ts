import Anthropic from '@anthropic-ai/sdk'
import { converse, schemaOf, trim } from '../agent/converse.ts'
import { toCall } from '../agent/steps.ts'
import type { AgentInput, AgentOutput, AgentParams, Conversation, Policy, Turn } from '../agent/types.ts'

/** The agent on `@anthropic-ai/sdk`. */
export function run(input: AgentInput, params?: AgentParams): Promise<AgentOutput> {
  return converse(input, params, open)
}

function open(question: string, policy: Policy): Conversation {
  const client = new Anthropic({ apiKey: 'none', maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: question }]
  return {
    async ask() {
      const message = await complete(client, messages, policy)
      const asked = message.content.filter((block) => block.type === 'tool_use')
      const turn: Turn = {
        text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        calls: asked.map(({ id, name, input }) => toCall(id, name, JSON.stringify(input))),
        truncated: message.stop_reason === 'max_tokens',
        tokens: message.usage.input_tokens,
      }
      if (asked.length > 0) messages.push({ role: 'assistant', content: message.content })
      return turn
    },
    tell(results) {
      const content = results.map(({ id, result, ok }) => ({
        type: 'tool_result' as const,
        tool_use_id: id,
        content: result,
        is_error: !ok,
      }))
      messages.push({ role: 'user', content })
    },
  }
}

function complete(client: Anthropic, messages: Anthropic.MessageParam[], policy: Policy): Promise<Anthropic.Message> {
  const request = {
    model: policy.model,
    system: policy.system,
    max_tokens: policy.maxTokens,
    messages: trim(messages, 1, policy.keepMessages),
    tools: policy.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: schemaOf(parameters),
    })),
  }
  return policy.stream ? client.messages.stream(request).finalMessage() : client.messages.create(request)
}
