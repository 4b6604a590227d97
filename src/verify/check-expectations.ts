import { clip } from '../core/clip.ts'
import type { JsonValue } from '../core/json.ts'
import type { Expectations } from '../model/incident.ts'
import type { Signals } from '../model/signal.ts'
import type { RunTrace } from '../model/trace.ts'
import { compilePattern } from './roles/compile-pattern.ts'
import { asText } from './roles/match-span.ts'

/** Which expectation a run violates. */
export type ExpectationCode =
  | 'expect_stop_reason'
  | 'expect_output_matches'
  | 'expect_output_not_matches'
  | 'expect_tools'
  | 'expect_tools_never'
  | 'expect_max_steps'
  | 'expect_max_llm_calls'
  | 'expect_max_tool_calls'
  | 'expect_max_latency_ms'
  | 'expect_max_tokens'

/** An expectation that a run violates. `data` holds what was expected and what was found. */
export interface Violation {
  code: ExpectationCode
  message: string
  data: { expected: JsonValue; actual: JsonValue }
}

/**
 * Lists the expectations that a run violates; none when it is as good as expected.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN`
 */
export function checkExpectations(expect: Expectations, trace: RunTrace, signals: Signals): Violation[] {
  return [
    ...checkStopReason(expect, signals),
    ...checkOutput(expect, trace),
    ...checkTools(expect, signals),
    ...checkLimits(expect, signals),
  ]
}

function checkStopReason(expect: Expectations, signals: Signals): Violation[] {
  if (expect.stop_reason === undefined) return []
  const wanted = Array.isArray(expect.stop_reason) ? expect.stop_reason : [expect.stop_reason]
  if (wanted.includes(signals.stop_reason)) return []
  const message = `stop_reason is ${signals.stop_reason}, expected ${wanted.join(' or ')}`
  return [violation('expect_stop_reason', message, wanted, signals.stop_reason)]
}

function checkOutput(expect: Expectations, trace: RunTrace): Violation[] {
  const { matches, not_matches } = expect.output ?? {}
  const text = asText(trace.output)
  const found: Violation[] = []
  if (matches !== undefined && !compilePattern(matches).test(text)) {
    found.push(violation('expect_output_matches', `output does not match /${matches}/`, matches, clip(text, 200)))
  }
  if (not_matches !== undefined && compilePattern(not_matches).test(text)) {
    found.push(violation('expect_output_not_matches', `output matches /${not_matches}/`, not_matches, clip(text, 200)))
  }
  return found
}

function checkTools(expect: Expectations, signals: Signals): Violation[] {
  const found: Violation[] = []
  const wanted = expect.tools ?? []
  let met = 0
  for (const tool of signals.tool_sequence) if (met < wanted.length && tool === wanted[met]) met += 1
  if (met < wanted.length) {
    const message = `tools were not called in the order ${wanted.join(', ')}: ${wanted[met]} is missing`
    found.push(violation('expect_tools', message, wanted, signals.tool_sequence))
  }
  for (const tool of new Set(expect.tools_never)) {
    const calls = signals.tool_sequence.filter((called) => called === tool).length
    if (calls > 0)
      found.push(violation('expect_tools_never', `${tool} must not be called, was called ×${calls}`, tool, calls))
  }
  return found
}

function checkLimits(expect: Expectations, signals: Signals): Violation[] {
  const tokens = signals.input_tokens + signals.output_tokens
  return [
    ...checkLimit('expect_max_steps', 'steps', expect.max_steps, signals.steps),
    ...checkLimit('expect_max_llm_calls', 'llm_calls', expect.max_llm_calls, signals.llm_calls),
    ...checkLimit('expect_max_tool_calls', 'tool_calls', expect.max_tool_calls, signals.tool_calls),
    ...checkLimit('expect_max_latency_ms', 'run_latency_ms', expect.max_latency_ms, signals.run_latency_ms),
    ...checkLimit('expect_max_tokens', 'tokens', expect.max_tokens, tokens),
  ]
}

function checkLimit(code: ExpectationCode, name: string, limit: number | undefined, actual: number): Violation[] {
  // Not `actual > limit`: a figure that is no number must not pass as a small one.
  if (limit === undefined || actual <= limit) return []
  return [
    violation(code, `${name} is ${actual}, expected at most ${limit}`, limit, Number.isFinite(actual) ? actual : null),
  ]
}

function violation(code: ExpectationCode, message: string, expected: JsonValue, actual: JsonValue): Violation {
  return { code, message, data: { expected, actual } }
}
