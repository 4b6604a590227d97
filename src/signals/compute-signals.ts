import type { Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { contextGrowth } from './run/context-growth.ts'
import { errorCascade } from './run/error-cascade.ts'
import { errorClass } from './run/error-class.ts'
import { errorClasses } from './run/error-classes.ts'
import { firstErrorSpan } from './run/first-error-span.ts'
import { inputTokens } from './run/input-tokens.ts'
import { llmCalls } from './run/llm-calls.ts'
import { loopLength } from './run/loop-length.ts'
import { malformedToolArguments } from './run/malformed-tool-arguments.ts'
import { outputTokens } from './run/output-tokens.ts'
import { repeatedSameResult } from './run/repeated-same-result.ts'
import { repeatedToolCalls } from './run/repeated-tool-calls.ts'
import { retries } from './run/retries.ts'
import { runLatencyMs } from './run/run-latency-ms.ts'
import { slowestSpan } from './run/slowest-span.ts'
import { steps } from './run/steps.ts'
import { stopReason } from './run/stop-reason.ts'
import { toolCalls } from './run/tool-calls.ts'
import { toolSequence } from './run/tool-sequence.ts'
import { truncatedAnswers } from './run/truncated-answers.ts'
import { unknownTools } from './run/unknown-tools.ts'

/**
 * Computes every signal of one run. Pure: equal traces give equal signals, and the trace is not changed.
 * For the signals of one model or tool, narrow the trace first with `narrowToSegment`.
 *
 * @example
 * const signals = computeSignals(trace)
 * signals.stop_reason // 'max_steps'
 */
export function computeSignals(trace: RunTrace): Signals {
  return {
    first_error_span: firstErrorSpan(trace),
    slowest_span: slowestSpan(trace),
    stop_reason: stopReason(trace),
    error_class: errorClass(trace),
    error_classes: errorClasses(trace),
    repeated_tool_calls: repeatedToolCalls(trace),
    repeated_same_result: repeatedSameResult(trace),
    steps: steps(trace),
    llm_calls: llmCalls(trace),
    tool_calls: toolCalls(trace),
    tool_sequence: toolSequence(trace),
    input_tokens: inputTokens(trace),
    output_tokens: outputTokens(trace),
    retries: retries(trace),
    loop_length: loopLength(trace),
    truncated_answers: truncatedAnswers(trace),
    malformed_tool_arguments: malformedToolArguments(trace),
    unknown_tools: unknownTools(trace),
    context_growth: contextGrowth(trace),
    error_cascade: errorCascade(trace),
    run_latency_ms: runLatencyMs(trace),
  }
}
