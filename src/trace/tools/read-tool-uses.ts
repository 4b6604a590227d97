import { canonicalJson } from '../../core/canonical-json.ts'
import type { Attempt } from '../group-attempts.ts'
import { knownAt, type ModelCall } from '../model-call.ts'
import { canonicalArguments } from './arguments.ts'
import { attributeRequest } from './attribute-request.ts'
import { findResult, readToldResults, type ToldResults } from './find-result.ts'
import type { Level, ToolUse, Wrapper } from './tool-use.ts'

/** Reads the tool calls of a level off the model traffic, and joins them with wrapped functions and plain requests. */
export function readToolUses(level: Level): ToolUse[] {
  const told = readToldResults(level.calls)
  const asked = level.calls.flatMap((call) => readAsked(call, told))
  const others = matchWrappers(asked, level)
  for (const request of level.requests) {
    // How an agent and a server of MCP come to terms is no tool's.
    if (request.mcp !== undefined) continue
    const pending = asked.filter((use) => use.wrapper === null && isPending(use, request, level.calls))
    const found = attributeRequest(request, pending)
    found?.use.requests.push(found.request)
  }
  return [...asked, ...others.map((wrapper) => ({ asked: null, wrapper, result: null, requests: [] }))]
}

function readAsked(by: ModelCall, told: ToldResults): ToolUse[] {
  if (by.error_class !== null || by.answer === null) return []
  return by.answer.tool_calls.map((call, index) => {
    const asked = { call, by, index, at_ms: knownAt(by, call) }
    return { asked, wrapper: null, result: findResult(asked, told), requests: [] }
  })
}

/**
 * Until when a call is pending: until its result is sent. Without a result, until the model is asked anything else,
 * or the run ends.
 */
function isPending({ asked, result }: ToolUse, { interaction, position }: Place, calls: readonly ModelCall[]): boolean {
  if (asked === null || position < asked.by.last || interaction.started_ms < asked.at_ms) return false
  const closes = result?.carrier ?? calls.find((call) => call.first > asked.by.last)
  return closes === undefined || position < closes.first
}

type Place = Pick<Attempt, 'position'> & { interaction: { started_ms: number } }

/** Joins asked calls with the wrapped functions that ran them: by name and arguments, then by name alone. Gives the functions left over. */
function matchWrappers(uses: readonly ToolUse[], { calls, wrappers }: Level): Wrapper[] {
  let free = wrappers
  for (const exact of [true, false]) {
    for (const use of uses) {
      if (use.wrapper !== null) continue
      const found = free.find((wrapper) => {
        if (!isNamed(wrapper, use.asked?.call.name ?? '') || !isPending(use, wrapper, calls)) return false
        return !exact || takesArguments(wrapper, use)
      })
      if (found === undefined) continue
      use.wrapper = found
      free = free.filter((wrapper) => wrapper !== found)
    }
  }
  return joinByArguments(uses, free, calls)
}

/** Some give a tool of a server another name: what is left over of them is joined where the arguments leave no choice. */
function joinByArguments(uses: readonly ToolUse[], free: readonly Wrapper[], calls: readonly ModelCall[]): Wrapper[] {
  return free.filter((wrapper) => {
    if (wrapper.mcp === undefined) return true
    const alike = uses.filter(
      (use) => use.wrapper === null && isPending(use, wrapper, calls) && takesArguments(wrapper, use),
    )
    const [only] = alike
    if (only === undefined || alike.length > 1) return true
    only.wrapper = wrapper
    return false
  })
}

/** Frameworks put the name of its server before that of a tool: `docs_search`, `mcp__docs__search`. */
function isNamed({ interaction: { name }, mcp }: Wrapper, asked: string): boolean {
  if (name === asked) return true
  return (
    mcp !== undefined && name !== '' && asked.endsWith(name) && /[^\p{L}\p{N}]$/u.test(asked.slice(0, -name.length))
  )
}

/** The function takes the arguments as its first parameter, or as its only value. */
function takesArguments({ interaction: { args } }: Wrapper, { asked }: ToolUse): boolean {
  const wanted = canonicalArguments(asked?.call.arguments ?? '')
  const first = Array.isArray(args) ? args[0] : undefined
  return canonicalJson(args) === wanted || (first !== undefined && canonicalJson(first) === wanted)
}
