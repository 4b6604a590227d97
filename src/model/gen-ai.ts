/** Attribute keys of the OpenTelemetry GenAI semantic conventions that retrial reads and writes. */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  toolArguments: 'gen_ai.tool.call.arguments',
  toolResult: 'gen_ai.tool.call.result',
  toolDefinitions: 'gen_ai.tool.definitions',
  agentName: 'gen_ai.agent.name',
  agentVersion: 'gen_ai.agent.version',
  workflowName: 'gen_ai.workflow.name',
  stream: 'gen_ai.request.stream',
  /** Messages of a request and of its answer: `[{ role, parts: [{ type: 'text', content }, …] }]`. */
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  conversation: 'gen_ai.conversation.id',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
} as const

/** Attribute keys of other OpenTelemetry conventions, and our own under `retrial.`. */
export const OTEL = {
  errorType: 'error.type',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  url: 'url.full',
  mcpMethod: 'mcp.method.name',
  rpcStatus: 'rpc.response.status_code',
  retries: 'retrial.retries',
  messageCount: 'retrial.request.message_count',
  requestBytes: 'retrial.request.bytes',
  malformedArguments: 'retrial.tool.malformed_arguments',
  knownTools: 'retrial.request.tools',
  /** Error classes of the failed attempts before the last one, in order. */
  attemptErrors: 'retrial.attempt_errors',
  /** How many tool calls of an answer the agent is not known to have run. */
  notExecuted: 'retrial.tool.not_executed',
  /** Why a request was taken for one of a tool: `only_pending`, `argument`, `name`. */
  attributedBy: 'retrial.attributed_by',
  /** The wrapped function that this was done within, which a replay may stand in for. */
  within: 'retrial.within',
  /** Names of the spans around the call, outermost first; `plan #2` for the second of that name. */
  spans: 'retrial.spans',
  answerText: 'retrial.answer.text',
  responseBody: 'retrial.response.body',
  /** Who called a tool, where it was not the agent: `user` for a simulated user. */
  caller: 'retrial.tool.caller',
  /** What a call cost, US dollars, as the source says. */
  cost: 'retrial.cost_usd',
  /** The words of an error. */
  errorMessage: 'retrial.error.message',
  /** How long a tool ran, ms, where a source tells that and no times. */
  executionMs: 'retrial.tool.execution_ms',
  /** Who spoke, in a run of several agents of which no more is known. */
  speaker: 'retrial.speaker',
} as const

/** Attribute keys by which a run that was exported is read back as it was. */
export const OWN = {
  runId: 'retrial.run.id',
  traceId: 'retrial.run.trace_id',
  stopReason: 'retrial.run.stop_reason',
  finished: 'retrial.run.finished',
  input: 'retrial.run.input',
  output: 'retrial.run.output',
  spanId: 'retrial.span.id',
  parentId: 'retrial.span.parent_id',
  stepType: 'retrial.span.step_type',
  name: 'retrial.span.name',
  errorClass: 'retrial.span.error_class',
  interactions: 'retrial.span.interactions',
} as const
