import { formatMs } from '../core/format-ms.ts'
import type { Signals } from '../model/signal.ts'

/** What else changed between two runs, beyond the roles of the incident: `llm calls 6 → 4`, `tokens −31 %`, … */
export function describeChanges(before: Signals, after: Signals): string[] {
  const count = (name: string, was: number, is: number) => (was === is ? [] : [`${name} ${was} → ${is}`])
  const time = (name: string, was: number, is: number) => {
    const [from, to] = [formatMs(was), formatMs(is)]
    return from === to ? [] : [`${name} ${from} → ${to}`]
  }
  return [
    ...time('slowest span', before.slowest_span?.latency_ms ?? 0, after.slowest_span?.latency_ms ?? 0),
    ...count('llm calls', before.llm_calls, after.llm_calls),
    ...count('tool calls', before.tool_calls, after.tool_calls),
    ...count('steps', before.steps, after.steps),
    ...describeTokens(before.input_tokens + before.output_tokens, after.input_tokens + after.output_tokens),
    ...time('latency', before.run_latency_ms, after.run_latency_ms),
  ]
}

function describeTokens(was: number, is: number): string[] {
  if (was === is) return []
  const percent = Math.round(((is - was) / was) * 100)
  if (!Number.isFinite(percent)) return [`tokens ${was} → ${is}`]
  if (percent === 0) return []
  return [`tokens ${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`]
}
