import type OpenAI from 'openai'

export interface SupportInput {
  conversation_id: string
  channel: 'chat' | 'email'
  message: string
}

export interface SupportOutput {
  stop_reason: 'completed' | 'tool_error' | 'step_error' | 'max_steps'
  answer: string
  /** Set when a colleague takes over. */
  ticket: string | null
}

export type Message = OpenAI.Chat.ChatCompletionMessageParam

/** A tool call as the model asked for it; `args` is JSON text. */
export interface ToolCall {
  id: string
  name: string
  args: string
}

/** A tool call that was carried out, well or badly. */
export interface FinishedCall extends ToolCall {
  ok: boolean
  /** JSON text, as the model is told. */
  result: string
}

/** What one run of the agent knows. */
export interface Session {
  input: SupportInput
  messages: Message[]
  /** Every tool call that was carried out, in the order the model asked for them. */
  calls: FinishedCall[]
}

/** What the orders service answers. */
export interface Order {
  order_id: string
  item: string
  price: string
  status: 'in_transit' | 'delivered'
  carrier: string
  /** Expected or actual day of delivery, ISO 8601. */
  delivery_date: string
}
