import type { JsonValue } from '../core/json.ts'
import type { ModelToolCall, ModelToolResult } from './protocol.ts'
import { contentText, fieldOf, listOf, stringOf } from './wire.ts'

/** Tools of the provider's making that the agent runs, and where such a call holds its arguments. */
const BUILT_IN: Record<string, { name: string; fields: readonly string[] }> = {
  computer_call: { name: 'computer', fields: ['actions', 'action'] },
  local_shell_call: { name: 'local_shell', fields: ['action'] },
  shell_call: { name: 'shell', fields: ['action'] },
  apply_patch_call: { name: 'apply_patch', fields: ['operation'] },
  tool_search_call: { name: 'tool_search', fields: ['arguments'] },
}

/** Items that give the agent's result of a call. */
const RESULTS = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'computer_call_output',
  'local_shell_call_output',
  'shell_call_output',
  'apply_patch_call_output',
  'tool_search_output',
])

/** The name under which a tool that has none of its own is called. */
export function toolNameOf(type: string): string {
  return type === 'computer_use_preview' ? 'computer' : type
}

/** The call that an item is, when the agent has to run it; null for calls that the provider runs, and for all else. */
export function callOfItem(item: JsonValue | undefined): ModelToolCall | null {
  const type = stringOf(fieldOf(item, 'type')) ?? ''
  const id = stringOf(fieldOf(item, 'call_id')) ?? stringOf(fieldOf(item, 'id'))
  const name = stringOf(fieldOf(item, 'name')) ?? ''
  if (type === 'function_call') return { id, name, arguments: textOf(fieldOf(item, 'arguments')) }
  // Free text, as a JSON string.
  if (type === 'custom_tool_call') return { id, name, arguments: JSON.stringify(textOf(fieldOf(item, 'input'))) }
  const builtIn = Object.hasOwn(BUILT_IN, type) ? BUILT_IN[type] : undefined
  if (builtIn === undefined || isHosted(item)) return null
  const held = builtIn.fields.map((field) => fieldOf(item, field)).find((value) => value !== undefined)
  return { id, name: builtIn.name, arguments: JSON.stringify(held ?? {}) }
}

/** What the provider runs itself: a shell in its own container, or a search for tools. */
function isHosted(item: JsonValue | undefined): boolean {
  const environment = fieldOf(fieldOf(item, 'environment'), 'type')
  return environment === 'container_reference' || fieldOf(item, 'execution') === 'server'
}

/** The result of a tool that an item gives; null for any other item. */
export function resultOfItem(item: JsonValue): ModelToolResult | null {
  const type = stringOf(fieldOf(item, 'type')) ?? ''
  if (!RESULTS.has(type) || isHosted(item)) return null
  const output = fieldOf(item, 'output') ?? fieldOf(item, 'tools')
  const isText = typeof output === 'string' || (Array.isArray(output) && type !== 'tool_search_output')
  return {
    call_id: stringOf(fieldOf(item, 'call_id')) ?? stringOf(fieldOf(item, 'id')),
    name: null,
    text: isText ? contentText(output) : JSON.stringify(output ?? null),
    // Only patches say what came of them.
    is_error: fieldOf(item, 'status') === 'failed',
  }
}

/** Tools that an item puts on offer. */
export function toolsOfItem(item: JsonValue): JsonValue[] {
  const type = fieldOf(item, 'type')
  return type === 'tool_search_output' || type === 'additional_tools' ? listOf(fieldOf(item, 'tools')) : []
}

/** Some servers that imitate the protocol send arguments parsed. */
function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
