import {
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { ChatOpenAI } from '@langchain/openai'
import { schemaOf, trim } from '../agent/converse.ts'
import { act, openSession, think, toCall } from '../agent/steps.ts'
import type { AgentInput, AgentOutput, AgentParams, Policy, Turn } from '../agent/types.ts'
import { policyOf } from '../kinds/policy-of.ts'

const State = Annotation.Root({
  messages: Annotation<BaseMessage[]>({ reducer: (old, more) => [...old, ...more], default: () => [] }),
  output: Annotation<AgentOutput | undefined>,
})

/** The agent as a LangGraph: a node that asks the model, and one that carries out its tools. */
export async function run(input: AgentInput, params?: AgentParams): Promise<AgentOutput> {
  const policy = policyOf(input.kind, params?.fix)
  const session = openSession(input.question)
  const model = openModel(policy)
  const graph = new StateGraph(State)
    .addNode('model', async ({ messages }) => {
      let answer: AIMessageChunk | undefined
      const output = await think(session, policy, async () => {
        answer = await model.invoke(trim(messages, 2, policy.keepMessages))
        return toTurn(answer)
      })
      return { messages: output || !answer ? [] : [answer], output }
    })
    .addNode('tools', async () => {
      const { output, results } = await act(session, policy)
      const told = results.map(({ id, result }) => new ToolMessage({ tool_call_id: id, content: result }))
      return { messages: told, output }
    })
    .addEdge(START, 'model')
    .addConditionalEdges('model', ({ output }) => (output ? END : 'tools'), ['tools', END])
    .addConditionalEdges('tools', ({ output }) => (output ? END : 'model'), ['model', END])
    .compile()
  const messages = [new SystemMessage(policy.system), new HumanMessage(input.question)]
  const { output } = await graph.invoke({ messages }, { recursionLimit: 100 })
  if (!output) throw new Error('The graph ended without an output')
  return output
}

function openModel(policy: Policy) {
  const model = new ChatOpenAI({
    model: policy.model,
    apiKey: 'none',
    maxRetries: 0,
    maxTokens: policy.maxTokens,
    streaming: policy.stream,
  })
  return model.bindTools(
    policy.tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters: schemaOf(parameters) },
    })),
  )
}

function toTurn(message: AIMessageChunk): Turn {
  const good = (message.tool_calls ?? []).map((call) => ({ ...call, text: JSON.stringify(call.args) }))
  const bad = (message.invalid_tool_calls ?? []).map((call) => ({ ...call, text: call.args ?? '' }))
  return {
    text: message.text,
    calls: [...good, ...bad].map(({ id, name, text }) => toCall(id ?? '', name ?? '', text)),
    truncated: message.response_metadata.finish_reason === 'length',
    tokens: (message.usage_metadata as { input_tokens: number } | undefined)?.input_tokens ?? 0,
  }
}
