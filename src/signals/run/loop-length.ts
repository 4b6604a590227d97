import type { RunTrace } from '../../model/trace.ts'
import { callKey } from './repeated-tool-calls.ts'

/**
 * The longest cycle of tool calls (same tools, same arguments) that came at least twice in a row: its length in calls;
 * 0 without one. Cycles of up to 1000 calls are found. The cycle is the shortest that explains the loop: one call four times in a row is a cycle of 1.
 *
 * Source: `tool_call` events (`tool`, `args_hash`). Unit: calls. OTel: `gen_ai.tool.name`, `gen_ai.tool.call.arguments` (hashed).
 */
export function loopLength(trace: RunTrace): number {
  const numbers = new Map<string, number>()
  const calls: number[] = []
  for (const event of trace.events) {
    if (event.event !== 'tool_call') continue
    const key = callKey(event)
    const number = numbers.get(key) ?? numbers.size
    numbers.set(key, number)
    calls.push(number)
  }
  return longestCycle(calls)
}

/** Bounds the work on a run of very many calls; a cycle longer than this is not a loop that a person would recognise. */
const LONGEST = 1000

/** Length of the longest block that is repeated back to back and is not itself a repetition of a shorter one. */
export function longestCycle(calls: readonly number[]): number {
  for (let length = Math.min(calls.length >> 1, LONGEST); length > 0; length--) {
    let matching = 0
    for (let i = 0; i + length < calls.length; i++) {
      matching = calls[i] === calls[i + length] ? matching + 1 : 0
      // A matching stretch that begins with a repetition is one throughout, so one look at its first block is enough.
      if (matching === length && !hasShorterPeriod(calls, i + 1 - length, length)) return length
    }
  }
  return 0
}

/** True when the block of `length` calls at `start` is itself a shorter block repeated. */
function hasShorterPeriod(calls: readonly number[], start: number, length: number): boolean {
  for (let period = 1; period <= length >> 1; period++) {
    if (length % period !== 0) continue
    let i = start
    while (i + period < start + length && calls[i] === calls[i + period]) i++
    if (i + period === start + length) return true
  }
  return false
}
