/** An error of a provider. */
export interface ProviderError {
  status: number
  /** `rate_limit_exceeded`, `invalid_request_error`, … */
  type: string
  message: string
}

/** What the scripted model does next. */
export type Move =
  | { kind: 'say'; text: string; truncated?: true }
  | {
      kind: 'call'
      text?: string
      /** Arguments that are a text go out as they are, readable or not. */
      calls: { name: string; args: Record<string, string> | string }[]
    }
  | { kind: 'refuse'; error: ProviderError }
  /** Begins a stream with a good status, and ends it with an error. */
  | { kind: 'break'; text: string; error: ProviderError }

/** What a tool answers. */
export interface ToolReply {
  status?: number
  body: unknown
  delayMs?: number
  /** Never answers. */
  silent?: true
}

/** What a model is asked, whatever the protocol. */
export interface View {
  system: string
  model: string
  question: string
  /** Name and description of each tool that is offered. */
  tools: { name: string; description: string }[]
  /** Turns of the model so far. */
  turns: number
  messages: number
  maxTokens: number
  /** The results of a tool, in the order they were told. */
  results(tool: string): Record<string, unknown>[]
}

/** A call of one tool. */
export function call(name: string, args: Record<string, string>, text?: string): Move {
  return { kind: 'call', calls: [{ name, args }], ...(text !== undefined && { text }) }
}

/** An answer in words. */
export function say(text: string): Move {
  return { kind: 'say', text }
}
