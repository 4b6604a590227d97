import type { View } from './script.ts'

interface Result {
  tool: string
  text: string
}

interface Parts {
  system: string
  question: string
  tools: View['tools']
  turns: number
  results: Result[]
}

type Json = Record<string, unknown>
interface OpenAiMessage {
  role: string
  content: string | { text?: string }[] | null
  tool_calls?: { id: string; function: { name: string } }[]
  tool_call_id?: string
}
interface AnthropicBlock {
  type: string
  id?: string
  name?: string
  text?: string
  tool_use_id?: string
  content?: string | { text?: string }[]
}

/** What a request to a model asks. */
export function readRequest(body: Json, protocol: 'openai' | 'anthropic'): View {
  const parts = protocol === 'openai' ? readOpenAi(body) : readAnthropic(body)
  return {
    ...parts,
    model: String(body.model),
    messages: (body.messages as unknown[]).length,
    maxTokens: Number(body.max_tokens ?? body.max_completion_tokens ?? 0),
    results: (tool) => parts.results.filter((one) => one.tool === tool).map(({ text }) => parse(text)),
  }
}

function readOpenAi(body: Json): Parts {
  const messages = body.messages as OpenAiMessage[]
  const names = new Map(messages.flatMap(({ tool_calls = [] }) => tool_calls.map((one) => [one.id, one.function.name])))
  const said = (role: string): string => textOf(messages.find((one) => one.role === role)?.content)
  return {
    system: said('system') || said('developer'),
    question: said('user'),
    tools: ((body.tools ?? []) as { function: View['tools'][number] }[]).map(({ function: { name, description } }) => ({
      name,
      description,
    })),
    turns: messages.filter(({ role }) => role === 'assistant').length,
    results: messages
      .filter(({ role }) => role === 'tool')
      .map(({ tool_call_id, content }) => ({ tool: names.get(tool_call_id ?? '') ?? '', text: textOf(content) })),
  }
}

function readAnthropic(body: Json): Parts {
  const messages = body.messages as { role: string; content: string | AnthropicBlock[] }[]
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  const names = new Map(blocks.flatMap(({ type, id, name }) => (type === 'tool_use' ? [[id, name ?? '']] : [])))
  return {
    system: textOf(body.system as AnthropicBlock['content']),
    question: textOf(messages[0]?.content),
    tools: ((body.tools ?? []) as View['tools']).map(({ name, description }) => ({ name, description })),
    turns: messages.filter(({ role }) => role === 'assistant').length,
    results: blocks
      .filter(({ type }) => type === 'tool_result')
      .map(({ tool_use_id, content }) => ({ tool: names.get(tool_use_id) ?? '', text: textOf(content) })),
  }
}

function textOf(content: string | { text?: string }[] | null | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map(({ text }) => text ?? '').join('')
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return { text }
  }
}
