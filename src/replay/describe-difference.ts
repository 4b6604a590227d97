import { createTwoFilesPatch } from 'diff'
import { canonicalJson } from '../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Divergence } from '../model/verdict.ts'
import { printCanonical } from './canonical-body.ts'

interface Difference {
  path: string
  recorded: JsonValue | undefined
  asked: JsonValue | undefined
}

/** Longest value that is shown whole, characters. */
const SHOWN = 2_000

/** How much is shown before the first difference of longer ones, characters. */
const LEAD = 200

/**
 * The first place where two contents differ, as a JSON path into the body (`$`), the query (`query`) or the arguments
 * (`args`), with both values there and a line diff of the text. Null when they are equal.
 */
export function describeDifference(recorded: JsonObject, asked: JsonObject): Divergence['difference'] {
  const difference = firstDifference('', withSections(recorded, asked), withSections(asked, recorded))
  return difference && showDifference(difference)
}

/** A call without a query or a header that counts has none of its fields. */
function withSections(content: JsonObject, other: JsonObject): JsonObject {
  return { ...(other.headers && { headers: {} }), ...(other.query && { query: {} }), ...content }
}

/** The place where two calls of different targets differ first: the target itself. */
export function describeTargets(recorded: string, asked: string): Divergence['difference'] {
  return showDifference({ path: 'request', recorded, asked })
}

function showDifference({ path, recorded, asked }: Difference): NonNullable<Divergence['difference']> {
  const [before, after] = cutAlike(toText(recorded), toText(asked))
  return {
    path:
      path
        .replace(/^\.body/, '$')
        .replace(/^\.headers/, 'header')
        .replace(/^\.(query|args|text|base64)/, '$1') || '$',
    recorded: before ?? null,
    asked: after ?? null,
    text_diff: lineDiff(before ?? '', after ?? ''),
  }
}

/** Two texts short enough to be shown: of long ones, the part around their first difference. */
function cutAlike(before: string | undefined, after: string | undefined): [string | undefined, string | undefined] {
  let at = 0
  if (before !== undefined && after !== undefined) while (at < before.length && before[at] === after[at]) at++
  const from = Math.max(before?.length ?? 0, after?.length ?? 0) > SHOWN ? Math.max(0, at - LEAD) : 0
  const cut = (text: string): string =>
    `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN)}${text.length > from + SHOWN ? '…' : ''}`
  return [before === undefined ? undefined : cut(before), after === undefined ? undefined : cut(after)]
}

function toText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : printCanonical(value)
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
    const at = findInserted(recorded, asked)
    if (at !== null) {
      return {
        path: `${path}[${at}]`,
        ...(recorded.length > asked.length
          ? { recorded: recorded[at], asked: undefined }
          : { recorded: undefined, asked: asked[at] }),
      }
    }
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
      .map((key) => firstDifference(`${path}${step(key)}`, own(recorded, key), own(asked, key)))
      .filter((one) => one !== null)
    return found.find((one) => one.recorded !== undefined && one.asked !== undefined) ?? found[0] ?? null
  }
  return canonicalJson(recorded) === canonicalJson(asked) ? null : { path, recorded, asked }
}

/** Where the longer of two lists has elements that the other lacks, all else being equal; null when that is not all. */
function findInserted(a: JsonValue[], b: JsonValue[]): number | null {
  if (a.length === b.length) return null
  const [longer, shorter] = (a.length > b.length ? [a, b] : [b, a]).map((list) => list.map(canonicalJson)) as [
    string[],
    string[],
  ]
  let head = 0
  while (head < shorter.length && longer[head] === shorter[head]) head++
  let tail = 0
  while (tail < shorter.length - head && longer.at(-1 - tail) === shorter.at(-1 - tail)) tail++
  return head + tail === shorter.length ? head : null
}

/** A field of that name, not what every object has by it. */
function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
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
  if (/^\$\.(input|prompt)$/.test(path)) return 'message_changed'
  const found = /^\$\.(messages|input|contents)\[(\d+)\](.*)$/.exec(path)
  if (found === null) return 'request_changed'
  const [, list = '', index = '', within = ''] = found
  const message = messageAt(difference.asked === null ? recorded : asked, list, Number(index))
  if (message?.role === 'system' || message?.role === 'developer') return 'prompt_changed'
  if (within === '' && difference.recorded === null) return 'extra_turn'
  if (within === '' && difference.asked === null) return 'missing_turn'
  const isToolResult =
    message?.role === 'tool' || /tool_result|function_call_output|toolResult/.test(JSON.stringify(message ?? ''))
  return isToolResult ? 'tool_result_changed' : 'message_changed'
}

function messageAt(content: JsonObject, list: string, index: number): JsonObject | undefined {
  const body = content.body
  const messages = isJsonObject(body) ? body[list] : undefined
  const message = Array.isArray(messages) ? messages[index] : undefined
  return isJsonObject(message) ? message : undefined
}
