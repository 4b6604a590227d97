import type { JsonValue } from '../../core/json.ts'
import { payloadText } from '../../model/interaction.ts'
import type { Attempt } from '../group-attempts.ts'
import { canonicalArguments, parseArguments } from './arguments.ts'
import type { AttributedRequest, ToolUse } from './tool-use.ts'

/** Telemetry and token tables, which clients and frameworks fetch on their own. */
const NEVER_A_TOOL = /\/v1\/(?:traces|metrics|logs|traces\/ingest)\/?(?:\?|$)|^https:\/\/tiktoken\.pages\.dev\//

/**
 * Which of the pending tool calls a plain request belongs to; null when that cannot be told. A single pending call gets
 * it. Of several, the one whose arguments the request holds; else the one whose name is in the path. A tie is no answer,
 * except between equal calls, which take turns.
 */
export function attributeRequest(
  attempt: Attempt,
  pending: readonly ToolUse[],
): { use: ToolUse; request: AttributedRequest } | null {
  const { url, body } = attempt.interaction.request
  if (NEVER_A_TOOL.test(url)) return null
  const [only] = pending
  if (only !== undefined && pending.length === 1) return { use: only, request: { ...attempt, by: 'only_pending' } }
  const address = readable(url)
  const text = `${url}\n${address}\n${body === null ? '' : readable(payloadText(body))}`.toLowerCase()
  const path = address.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/, '')
  const byArgument = best(pending, (use) => scoreArguments(use, text))
  const tied = byArgument.length === 0 ? pending : byArgument
  const byName = best(tied, (use) => scoreName(use, path))
  const by = byArgument.length === 0 ? 'name' : 'argument'
  const use = settle(byName.length === 0 && by === 'argument' ? tied : byName)
  return use === null ? null : { use, request: { ...attempt, by } }
}

/** Those with the highest score; none when every score is 0. */
function best(uses: readonly ToolUse[], score: (use: ToolUse) => number): ToolUse[] {
  const scores = uses.map(score)
  const top = Math.max(0, ...scores)
  return top === 0 ? [] : uses.filter((_, i) => scores[i] === top)
}

function settle(tied: readonly ToolUse[]): ToolUse | null {
  const [first, ...rest] = tied
  if (first === undefined) return null
  if (rest.some((use) => identity(use) !== identity(first))) return null
  return tied.reduce((least, use) => (use.requests.length < least.requests.length ? use : least), first)
}

function identity({ asked }: ToolUse): string {
  return asked === null ? '' : `${asked.call.name}\n${canonicalArguments(asked.call.arguments)}`
}

/** With percent and plus coding undone, where it is sound. */
function readable(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** How many characters of a call's argument values a text holds: the longer value is the better evidence. */
function scoreArguments({ asked }: ToolUse, text: string): number {
  const values = new Set(leavesOf(parseArguments(asked?.call.arguments ?? '') ?? null))
  let score = 0
  for (const value of values) {
    const escaped = JSON.stringify(value).slice(1, -1)
    if (holdsWord(text, value) || holdsWord(text, escaped)) score += value.length
  }
  return score
}

/** Strings and numbers of at least two characters anywhere in a value, in lower case. */
function leavesOf(value: JsonValue): string[] {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).trim().toLowerCase()
    return text.length >= 2 ? [text] : []
  }
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : []
}

/** True when a text holds a value that no letter or digit continues on either side. */
function holdsWord(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    const isInside = (edge: string, next: string | undefined) => isWordly(edge) && next !== undefined && isWordly(next)
    if (!isInside(value[0] ?? '', text[at - 1]) && !isInside(value.at(-1) ?? '', text[at + value.length])) return true
  }
  return false
}

function isWordly(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character)
}

/** How many characters of a tool's name, taken apart into words, stand in a path. */
function scoreName({ asked }: ToolUse, path: string): number {
  const words = (asked?.call.name ?? '')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
  const lowered = path.toLowerCase()
  return words
    .filter((word) => word.length >= 3 && holdsWord(lowered, word))
    .reduce((sum, word) => sum + word.length, 0)
}
