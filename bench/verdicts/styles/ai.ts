import { createOpenAI } from '@ai-sdk/openai'
import { generateText, jsonSchema, type ModelMessage, streamText, type ToolSet, tool } from 'ai'
import { converse, schemaOf, trim } from '../agent/converse.ts'
import { toCall } from '../agent/steps.ts'
import type { AgentInput, AgentOutput, AgentParams, Conversation, Policy } from '../agent/types.ts'

/** The agent on Vercel's `ai`. */
export function run(input: AgentInput, params?: AgentParams): Promise<AgentOutput> {
  return converse(input, params, open)
}

function open(question: string, policy: Policy): Conversation {
  const provider = createOpenAI({ apiKey: 'none' })
  const messages: ModelMessage[] = [{ role: 'user', content: question }]
  return {
    async ask() {
      const step = await complete(provider, messages, policy)
      if (step.toolCalls.length > 0) messages.push(...step.responseMessages)
      return {
        text: step.text,
        calls: step.toolCalls.map(({ toolCallId, toolName, input }) =>
          toCall(toolCallId, toolName, JSON.stringify(input)),
        ),
        truncated: step.finishReason === 'length',
        tokens: step.usage.inputTokens ?? 0,
      }
    },
    tell(results) {
      const content = results.map(({ id, name, result }) => ({
        type: 'tool-result' as const,
        toolCallId: id,
        toolName: name,
        output: { type: 'text' as const, value: result },
      }))
      messages.push({ role: 'tool', content })
    },
  }
}

async function complete(provider: ReturnType<typeof createOpenAI>, messages: ModelMessage[], policy: Policy) {
  const request = {
    model: provider.chat(policy.model),
    instructions: policy.system,
    messages: trim(messages, 1, policy.keepMessages),
    maxOutputTokens: policy.maxTokens,
    maxRetries: 0,
    tools: Object.fromEntries(
      policy.tools.map(({ name, description, parameters }) => [
        name,
        tool({ description, inputSchema: jsonSchema<Record<string, string>>(schemaOf(parameters)) }),
      ]),
    ) as ToolSet,
  }
  if (!policy.stream) return generateText(request)
  let failure: unknown
  const result = streamText({
    ...request,
    onError({ error }) {
      failure = error
    },
  })
  await result.consumeStream()
  if (failure !== undefined) throw failure
  const [text, toolCalls, responseMessages, finishReason, usage] = await Promise.all([
    result.text,
    result.toolCalls,
    result.responseMessages,
    result.finishReason,
    result.usage,
  ])
  return { text, toolCalls, responseMessages, finishReason, usage }
}
