/** What an agent of the benchmark is called with. */
export interface AgentInput {
  /** Which workflow the agent runs: the id of a kind. */
  kind: string
  question: string
}

/** Second argument of an agent: which release of it is meant. */
export interface AgentParams {
  /** Id of a fix; without one, the unfixed agent. */
  fix?: string
}

/** How an agent ends. */
export interface AgentOutput {
  stop_reason: string
  answer: string
}

/** A tool as the model sees it. */
export interface ToolSpec {
  name: string
  description: string
  /** Its parameters, all of them texts that have to be given. */
  parameters: readonly string[]
  /** Whether it changes something: then it is called by POST. */
  effect?: boolean
  /** Whether it only is a word between model and agent: then nobody is asked. */
  local?: boolean
}

/** A tool call as the model asked for it. */
export interface ToolCall {
  id: string
  name: string
  /** The arguments as they came; JSON text, if all is well. */
  text: string
  /** The arguments; undefined when the text is not an object in JSON. */
  args: Record<string, string> | undefined
}

/** A tool call that was carried out, well or badly. */
export interface FinishedCall extends ToolCall {
  ok: boolean
  /** HTTP status; null when no answer came. */
  status: number | null
  /** JSON text, as the model is told. */
  result: string
}

/** One answer of a model. */
export interface Turn {
  text: string
  calls: ToolCall[]
  /** Whether it ended for lack of tokens. */
  truncated: boolean
  /** Tokens that were sent for it. */
  tokens: number
}

/** What one run of the agent knows. */
export interface Session {
  question: string
  /** Model calls so far. */
  steps: number
  tokens: number
  /** The tool calls that the model asked for last. */
  asked: ToolCall[]
  /** Every tool call that was carried out. */
  calls: FinishedCall[]
  failedSteps: number
}

/** A conversation with a model, in one SDK. */
export interface Conversation {
  /** Asks the model for its next turn. */
  ask(): Promise<Turn>
  /** Tells it the results of its tool calls. */
  tell(results: FinishedCall[]): void
}

/** All that one release of an agent may differ in. A hook that gives an output ends the run with it. */
export interface Policy {
  system: string
  model: string
  tools: readonly ToolSpec[]
  stream: boolean
  maxTokens: number
  /** Messages that are sent at most, the first ones always; all when undefined. */
  keepMessages?: number
  /** Model calls before the agent gives up. */
  maxSteps: number
  /** Times a model call is tried. */
  attempts: number
  /** Whether an error of the model is worth another try. */
  isTemporary(error: unknown): boolean
  /** Pause between two tries, ms. */
  pauseMs: number
  /** Times that an answer cut for lack of tokens is asked for. */
  truncatedAttempts: number
  toolTimeoutMs: number
  /** Steps in a row with a failed tool before the agent gives up. */
  toolErrorBudget: number
  /** Headers of every request to a tool. */
  toolHeaders: Record<string, string>
  /** Carries out one tool call. */
  runTool(call: ToolCall, session: Session, policy: Policy): Promise<FinishedCall>
  /** Carries out what the model asked for. */
  runTools(asked: ToolCall[], session: Session, policy: Policy): Promise<FinishedCall[]>
  beforeAsk?(session: Session): AgentOutput | undefined
  beforeTools?(session: Session): AgentOutput | undefined | Promise<AgentOutput | undefined>
  afterTools?(session: Session): AgentOutput | undefined | Promise<AgentOutput | undefined>
  onTruncated?(session: Session, turn: Turn): AgentOutput | undefined
  /** Ends a run in which the model answered in words. */
  finish(session: Session, text: string): AgentOutput | Promise<AgentOutput>
  giveUp(reason: string, session: Session): AgentOutput | Promise<AgentOutput>
}
