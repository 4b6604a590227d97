import type OpenAI from 'openai'
import type { FinishedCall, ToolCall } from './types.ts'

/** The tools as the model sees them. */
export const TOOLS: OpenAI.Chat.ChatCompletionFunctionTool[] = [
  {
    type: 'function',
    function: {
      name: 'lookup_order',
      description: 'Look up an order by its number, e.g. A-10001.',
      parameters: {
        type: 'object',
        properties: { order_id: { type: 'string' } },
        required: ['order_id'],
        additionalProperties: false,
      },
      strict: true,
    },
  },
  {
    type: 'function',
    function: {
      name: 'search_docs',
      description: 'Search the help centre: policies, shipping, payment, warranty.',
      parameters: {
        type: 'object',
        properties: { query: { type: 'string', description: 'A few keywords.' } },
        required: ['query'],
        additionalProperties: false,
      },
      strict: true,
    },
  },
]

/** Carries out a tool call. Never throws: a failure is a result that the model is told. */
export async function runTool(call: ToolCall, timeoutMs: number): Promise<FinishedCall> {
  try {
    const response = await fetch(toolUrl(call), { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) return failed(call, `http_${response.status}`, `${call.name} answered ${response.status}`)
    return { ...call, ok: true, result: JSON.stringify(await response.json()) }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return failed(call, 'timeout', `${call.name} timed out`)
    }
    return failed(call, 'unavailable', `${call.name} could not be reached`)
  }
}

/** What the last good call of a tool gave, if there was one. */
export function lastResult<T>(calls: FinishedCall[], name: string): T | undefined {
  const call = calls.findLast((each) => each.name === name && each.ok)
  return call && (JSON.parse(call.result) as T)
}

/** True when both calls ask the same tool the same thing. */
export function isSameCall(a: ToolCall, b: ToolCall): boolean {
  return a.name === b.name && a.args === b.args
}

function toolUrl(call: ToolCall): string {
  const args = JSON.parse(call.args) as Record<string, string>
  switch (call.name) {
    case 'lookup_order':
      return `${process.env.ORDERS_URL}/orders/${encodeURIComponent(args.order_id ?? '')}`
    case 'search_docs':
      return `${process.env.DOCS_URL}/search?q=${encodeURIComponent(args.query ?? '')}`
    default:
      throw new Error(`There is no tool ${call.name}`)
  }
}

function failed(call: ToolCall, error: string, message: string): FinishedCall {
  return { ...call, ok: false, result: JSON.stringify({ error, message }) }
}
