import { isAbnormalStop } from '../model/stop-reason.ts'
import { type Facts, listCounts, type Rule, sumOf } from './rules.ts'

/** Retries at which one is worth a look: what common clients do by default before they give up. */
const MANY_RETRIES = 2
/** Growth of the message list above that of nine in ten public runs. */
const LARGE_GROWTH = 30

const endsBadlyWithoutError = (facts: Facts) => facts.first_error_span === null && isAbnormalStop(facts.stop_reason)
const repeats = (facts: Facts) => facts.loop_length > 0 || sumOf(facts.repeated_tool_calls) > 0

const loopWithoutError: Rule<Facts> = {
  code: 'loop_without_error',
  reads: ['first_error_span', 'stop_reason', 'loop_length', 'repeated_tool_calls'],
  when: (facts) => endsBadlyWithoutError(facts) && repeats(facts),
  statement: (facts) =>
    `The run ended with ${facts.stop_reason} and no span failed, but calls repeat: a loop without an explicit error.`,
  evidence: (facts) => ({
    stop_reason: facts.stop_reason,
    loop_length: facts.loop_length,
    repeated_tool_calls: facts.repeated_tool_calls,
  }),
  checks: ['Read the results of the repeated calls: an empty or useless answer with status ok is the usual reason.'],
}

const abnormalStop: Rule<Facts> = {
  code: 'abnormal_stop_without_error',
  reads: ['first_error_span', 'stop_reason'],
  when: (facts) => endsBadlyWithoutError(facts) && !repeats(facts),
  statement: (facts) =>
    `The run ended with ${facts.stop_reason} although no span failed: the agent itself decided to stop.`,
  evidence: (facts) => ({ stop_reason: facts.stop_reason, slowest_span: facts.slowest_span?.span_id ?? null }),
  checks: ['Find the code that sets this stop reason, and what it saw in the last steps of the run.'],
}

const truncatedAnswer: Rule<Facts> = {
  code: 'truncated_answer',
  reads: ['truncated_answers'],
  when: (facts) => facts.truncated_answers > 0,
  statement: () => 'A model answer ended because it ran out of tokens; what came after worked with half an answer.',
  evidence: (facts) => ({ truncated_answers: facts.truncated_answers, output_tokens: facts.output_tokens }),
  checks: ['Compare the output token limit of the request with what the step has to write.'],
}

const malformedArguments: Rule<Facts> = {
  code: 'malformed_tool_arguments',
  reads: ['malformed_tool_arguments'],
  when: (facts) => facts.malformed_tool_arguments > 0,
  statement: () => 'The model asked for a tool with arguments that are not valid JSON.',
  evidence: (facts) => ({
    malformed_tool_arguments: facts.malformed_tool_arguments,
    truncated_answers: facts.truncated_answers,
  }),
  checks: [
    'See what the agent did with the broken arguments: refuse, repair or pass on.',
    'See whether the answer was cut off in the middle of the arguments.',
  ],
}

const unknownTool: Rule<Facts> = {
  code: 'unknown_tool',
  reads: ['unknown_tools'],
  when: (facts) => facts.unknown_tools > 0,
  statement: () => 'A tool was called that the model request before it did not offer.',
  evidence: (facts) => ({ unknown_tools: facts.unknown_tools, tool_sequence: [...new Set(facts.tool_sequence)] }),
  checks: [
    'Compare the tools of the request with the tool that was called: renamed, removed, or invented by the model.',
  ],
}

const manyRetries: Rule<Facts> = {
  code: 'retried_requests',
  reads: ['retries'],
  when: (facts) => Object.values(facts.retries).some((count) => count >= MANY_RETRIES),
  statement: (facts) => `Requests were sent again inside a client: ${listCounts(facts.retries)}.`,
  evidence: (facts) => ({ retries: facts.retries, error_classes: facts.error_classes }),
  checks: [
    'Look at the status of the attempts (rate limit, overload, broken connection) and at how long the waits were.',
  ],
}

const contextGrowth: Rule<Facts> = {
  code: 'context_growth',
  reads: ['context_growth', 'input_tokens'],
  when: (facts) => facts.context_growth >= LARGE_GROWTH,
  statement: () =>
    'The message list grew far beyond that of most runs: instructions at its start may have lost their weight.',
  evidence: (facts) => ({ context_growth: facts.context_growth, input_tokens: facts.input_tokens }),
  checks: ['See whether old turns are summarised or dropped, and whether the limit of the model was close.'],
}

const errorCascade: Rule<Facts> = {
  code: 'error_cascade',
  reads: ['error_cascade', 'error_classes'],
  when: (facts) => facts.error_cascade.followed > 0,
  statement: () => 'Later errors share the tool or the class of the first one, or stand around it: read them as one.',
  evidence: (facts) => ({
    first_error_span: facts.error_cascade.first,
    followed: facts.error_cascade.followed,
    error_classes: facts.error_classes,
  }),
  checks: ['Start with the first error of the group; look at the others only if they remain once it is gone.'],
}

/** Rules on the signals of one run alone. */
export const RUN_RULES: readonly Rule<Facts>[] = [
  loopWithoutError,
  abnormalStop,
  truncatedAnswer,
  malformedArguments,
  unknownTool,
  manyRetries,
  contextGrowth,
  errorCascade,
]
