import type { JsonObject, JsonValue } from '../../core/json.ts'
import { GEN_AI } from '../../model/gen-ai.ts'
import { field, objectAt } from './message.ts'

/**
 * The tokens of an observation of Langfuse, in any of the forms of its exports. It takes cached input off the input and thoughts off the
 * output, and keeps each under a name of its own: `input_cached_tokens`, `output_reasoning_tokens`; here they are part of the whole.
 */
export function readUsage(from: JsonObject): Record<string, JsonValue | undefined> {
  const [usage = {}] = ['usageDetails', 'usage_details', 'usage'].flatMap((name) => {
    const found = objectAt(from, name)
    return found !== undefined && Object.keys(found).length > 0 ? [found] : []
  })
  const counts = Object.entries(usage).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  const input = sideOf(counts, 'input') ?? count(from, usage, 'promptTokens', 'prompt_tokens')
  const output = sideOf(counts, 'output') ?? count(from, usage, 'completionTokens', 'completion_tokens')
  const isNothing = (input ?? 0) + (output ?? 0) === 0
  return {
    [GEN_AI.inputTokens]: isNothing ? undefined : input,
    [GEN_AI.outputTokens]: isNothing ? undefined : output,
    [GEN_AI.cachedTokens]: sum(counts, /cached|cache_read/),
    [GEN_AI.reasoningTokens]: sum(counts, /reasoning/),
  }
}

/** All counts of a side. Of a client that did not take the parts off the whole, the total tells that they are within it. */
function sideOf(counts: [string, number][], side: 'input' | 'output'): number | undefined {
  const { input, output, total } = Object.fromEntries(counts)
  const plain = side === 'input' ? input : output
  const isWhole = plain !== undefined && total !== undefined && total === (input ?? 0) + (output ?? 0)
  return isWhole ? plain : sum(counts, new RegExp(side))
}

function sum(counts: [string, number][], names: RegExp): number | undefined {
  const found = counts.filter(([name]) => names.test(name))
  return found.length === 0 ? undefined : found.reduce((all, [, value]) => all + value, 0)
}

function count(from: JsonObject, usage: JsonObject, ...names: string[]): number | undefined {
  const value = field(usage, ...names) ?? field(from, ...names)
  return typeof value === 'number' ? value : undefined
}
