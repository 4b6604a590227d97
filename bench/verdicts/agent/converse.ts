import { policyOf } from '../kinds/policy-of.ts'
import { act, openSession, think } from './steps.ts'
import type { AgentInput, AgentOutput, AgentParams, Conversation, Policy } from './types.ts'

/** Opens a conversation with a model. */
export type OpenConversation = (question: string, policy: Policy) => Conversation

/** The loop of an agent: ask the model, carry out the tools it asks for, tell it the results, until it answers in words. */
export async function converse(
  input: AgentInput,
  params: AgentParams | undefined,
  open: OpenConversation,
): Promise<AgentOutput> {
  const policy = policyOf(input.kind, params?.fix)
  const session = openSession(input.question)
  const conversation = open(input.question, policy)
  for (;;) {
    const ended = await think(session, policy, () => conversation.ask())
    if (ended) return ended
    const { output, results } = await act(session, policy)
    if (output) return output
    conversation.tell(results)
  }
}

/** The messages that are sent: all, or the first ones and the latest of the rest. */
export function trim<T>(messages: T[], fixed: number, keep: number | undefined): T[] {
  if (keep === undefined || messages.length <= fixed + keep) return messages
  return [...messages.slice(0, fixed), ...messages.slice(-keep)]
}

/** The JSON schema of a tool's parameters. */
export function schemaOf(parameters: readonly string[]) {
  return {
    type: 'object' as const,
    properties: Object.fromEntries(parameters.map((name) => [name, { type: 'string' as const }])),
    required: [...parameters],
    additionalProperties: false,
  }
}
