/** `retrial/ai`: names and tool boundaries for the Vercel AI SDK, versions 6 and 7. Nothing of it is imported here. */
import { tracingChannel } from 'node:diagnostics_channel'
import { wrapTool } from '../boundary/doors/function-door.ts'
import { openSpansBy, withSpan } from '../boundary/spans.ts'

let isNaming = false

/**
 * Names the spans of AI SDK 7 from now on, by what it tells on its channel `ai:telemetry`: `invoke_agent ID` for a call with the
 * `functionId` ID, else the function (`generateText`), and each `step`. Calls with `telemetry: { isEnabled: false }` have none.
 */
export function nameSpans(): void {
  if (isNaming) return
  isNaming = true
  openSpansBy(tracingChannel('ai:telemetry').start, nameOf)
}

/** Functions of the SDK that are no span of the agent, unless they have an id: the call that they make says it all. */
const PLAIN = new Set(['languageModelCall', 'executeTool', 'embed', 'embedMany', 'rerank'])

function nameOf(message: unknown): string | null {
  const { type, event } = message as { type: string; event?: { functionId?: unknown } | null }
  if (type === 'step' || type === 'languageModelCall' || type === 'executeTool') return type === 'step' ? 'step' : null
  const id = event?.functionId
  if (typeof id === 'string' && id !== '') return `invoke_agent ${id}`
  return PLAIN.has(type) ? null : type
}

/** A middleware of a language model, as far as it is made here. */
export interface NamingMiddleware<V extends string> {
  specificationVersion: V
  wrapGenerate<T>(call: { doGenerate: () => T }): T
  wrapStream<T>(call: { doStream: () => T }): T
}

/**
 * A middleware that names the calls of a model. AI SDK 6 has no channel; there it is the way to names.
 *
 * @param version `v4` for AI SDK 7, `v3` for 6.
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-4.1'), middleware: nameModel('invoke_agent triage') })
 */
export function nameModel<V extends 'v3' | 'v4' = 'v4'>(name: string, version = 'v4' as V): NamingMiddleware<V> {
  return {
    specificationVersion: version,
    wrapGenerate: ({ doGenerate }) => withSpan(name, doGenerate),
    wrapStream: ({ doStream }) => withSpan(name, doStream),
  }
}

/**
 * The tools with their `execute` wrapped: their calls are recorded and, in a replay, answered from the recording or run, as
 * `replay.tools` says. Tools without one (those of the provider, or of the client) are left as they are.
 *
 * @param tools Tools by the names that the model knows them by.
 * @example
 * await generateText({ model, tools: wrapTools({ search_docs, lookup_order }), prompt })
 */
export function wrapTools<T extends Record<string, object>>(tools: T): T {
  return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, withWrapped(name, tool)])) as T
}

function withWrapped(name: string, tool: object): object {
  const { execute } = tool as { execute?: unknown }
  if (typeof execute !== 'function') return tool
  const wrapped = wrapTool(name, execute as (...args: never[]) => unknown)
  const copy = Object.create(
    Object.getPrototypeOf(tool) as object | null,
    Object.getOwnPropertyDescriptors(tool),
  ) as object
  return Object.defineProperty(copy, 'execute', {
    value: wrapped,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}
