import { createTwoFilesPatch } from 'diff'
import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Divergence } from '../model/verdict.ts'

interface Difference {
  path: string
  recorded: JsonValue | undefined
  asked: JsonValue | undefined
}

/** Longest value that is shown whole, characters. */
const SHOWN = 2_000

/**
 * The first place where two contents differ, as a JSON path into the body (`$`), the query (`query`) or the arguments
 * (`args`), with both values there and a line diff of the text. Null when they are equal.
 */
export function describeDifference(recorded: JsonObject, asked: JsonObject): Divergence['difference'] {
  const difference = firstDifference('', recorded, asked)
  if (difference === null) return null
  const { path } = difference
  const [before, after] = [difference.recorded, difference.asked].map((value) =>
    value === undefined ? null : toText(value),
  )
  return {
    path: path.replace(/^\.body/, '$').replace(/^\.(query|args|headers)/, '$1') || '$',
    recorded: before === null || before === undefined ? null : before.slice(0, SHOWN),
    asked: after === null || after === undefined ? null : after.slice(0, SHOWN),
    text_diff: lineDiff((before ?? '').slice(0, SHOWN), (after ?? '').slice(0, SHOWN)),
  }
}

function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function lineDiff(before: string, after: string): string {
  const patch = createTwoFilesPatch('recorded', 'asked', before, after, '', '', { context: 1 })
  const lines = patch.split('\n').slice(4)
  return lines
    .filter((line) => !line.startsWith('\\'))
    .join('\n')
    .trimEnd()
}

function firstDifference(
  path: string,
  recorded: JsonValue | undefined,
  asked: JsonValue | undefined,
): Difference | null {
  if (recorded === undefined || asked === undefined) return recorded === asked ? null : { path, recorded, asked }
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    for (let i = 0; i < Math.max(recorded.length, asked.length); i++) {
      const found = firstDifference(`${path}[${i}]`, recorded[i], asked[i])
      if (found) return found
    }
    return null
  }
  if (isJsonObject(recorded) && isJsonObject(asked)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(asked)])]
    // Values first: a longer list says less than what changed inside of it, or beside it.
    const found = keys
      .map((key) => firstDifference(`${path}${step(key)}`, recorded[key], asked[key]))
      .filter((one) => one !== null)
    return found.find((one) => one.recorded !== undefined && one.asked !== undefined) ?? found[0] ?? null
  }
  return canonicalJson(recorded) === canonicalJson(asked) ? null : { path, recorded, asked }
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `['${key.replace(/['\\]/g, '\\$&')}']`
}

/** The likely kind of a divergence, read off the place of the difference and what stands there. */
export function classifyDifference(
  difference: Divergence['difference'],
  recorded: JsonObject,
  asked: JsonObject,
): string {
  if (difference === null) return 'request_changed'
  const { path } = difference
  if (/^\$\.(system|instructions|systemInstruction|system_instruction)\b/.test(path)) return 'prompt_changed'
  if (/^\$\.(tools|functions|tool_choice|toolConfig)\b/.test(path)) return 'tools_changed'
  if (/^\$\.model\b/.test(path)) return 'model_changed'
  const message = /^\$\.(messages|input|contents)\[(\d+)\]/.exec(path)
  if (message === null) return 'request_changed'
  const [, list = '', index = ''] = message
  if (difference.recorded === null) return 'extra_turn'
  if (difference.asked === null) return 'missing_turn'
  const [before, after] = [recorded, asked].map((content) => messageAt(content, list, Number(index)))
  const role = String(after?.role ?? before?.role ?? '')
  if (role === 'system' || role === 'developer') return 'prompt_changed'
  const isToolResult =
    role === 'tool' || /tool_result|function_call_output|toolResult/.test(JSON.stringify(after ?? before ?? ''))
  return isToolResult ? 'tool_result_changed' : 'message_changed'
}

function messageAt(content: JsonObject, list: string, index: number): JsonObject | undefined {
  const body = content.body
  const messages = isJsonObject(body) ? body[list] : undefined
  const message = Array.isArray(messages) ? messages[index] : undefined
  return isJsonObject(message) ? message : undefined
}
