const NORMAL = new Set([
  'completed',
  'complete',
  'done',
  'success',
  'succeeded',
  'finished',
  'stop',
  'end',
  'end_turn',
  'stop_sequence',
  'user_stop',
  'final_answer',
  'final_output',
  'submitted',
])

const STEP_LIMITS = new Set(['max_steps', 'max_turns', 'max_iterations', 'max_rounds', 'step_limit', 'recursion_limit'])

const ABNORMAL =
  /^(max_|too_many_)|error|fail|timeout|timed_out|abort|cancel|kill|crash|budget|limit|exceeded|length|refus|filter/

/** True for a stop reason that says the run ended as an agent ends when nothing is wrong. It does not say that the answer is right. */
export function isNormalStop(reason: string): boolean {
  return NORMAL.has(reason.toLowerCase())
}

/** True for a stop reason that says the agent ran out of steps (`max_steps`, `max_turns`, …). */
export function isStepLimit(reason: string): boolean {
  return STEP_LIMITS.has(reason.toLowerCase())
}

/** True for a stop reason that names an error, a limit or an interruption. A reason of nobody's list is neither normal nor abnormal. */
export function isAbnormalStop(reason: string): boolean {
  return !isNormalStop(reason) && (isStepLimit(reason) || ABNORMAL.test(reason.toLowerCase()))
}

/**
 * The stop reason of a run of a module export: `error` when it threw or returned an error, else what the agent says in
 * `stop_reason` (or `stopReason`, `finish_reason`) of its output, else `completed`.
 */
export function deriveStopReason(output: unknown, threw: boolean): string {
  return threw || output instanceof Error ? 'error' : (statedStopReason(output) ?? 'completed')
}

/**
 * The stop reason that an agent's output names in a field of its own, as it was returned or as a recording holds it; null when it
 * names none.
 */
export function statedStopReason(output: unknown): string | null {
  if (typeof output !== 'object' || output === null) return null
  for (const key of ['stop_reason', 'stopReason', 'finish_reason']) {
    const reason = readOwn(output, key)
    if (typeof reason === 'string' && reason !== '') return reason
  }
  // What JSON cannot hold, such as an instance of a class, is kept as its type and its fields.
  return typeof readOwn(output, '$type') === 'string' ? statedStopReason(readOwn(output, 'fields')) : null
}

function readOwn(value: object, key: string): unknown {
  return Object.prototype.propertyIsEnumerable.call(value, key) ? (value as Record<string, unknown>)[key] : undefined
}
