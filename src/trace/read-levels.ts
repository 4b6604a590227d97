import type { HttpInteraction, Interaction } from '../model/interaction.ts'
import { readModelRequest } from '../providers/registry.ts'
import { classifyHttp } from './classify-error.ts'
import type { Attempt } from './group-attempts.ts'
import { asToolCall, findCancelled, type McpCall, readMcpCall } from './mcp-call.ts'
import { type ModelAttempt, type ModelCall, readModelAttempt, readModelCalls, readWrappedModel } from './model-call.ts'
import { endOf, type Timeline } from './timeline.ts'
import { readToolUses } from './tools/read-tool-uses.ts'
import { isExecuted, type Level, type ToolUse } from './tools/tool-use.ts'

/** A level, read: its model calls, the tool calls that were run, and the requests that belong to neither. */
export interface ReadLevel {
  /** The wrapped function around it; null for the run itself. */
  parent: string | null
  /** True within a wrapped model function: its requests are how that one call was made. */
  withinModel: boolean
  calls: ModelCall[]
  uses: ToolUse[]
  /** How many tool calls of an answer are not known to have been run, by model call. */
  notExecuted: Map<ModelCall, number>
  requests: Attempt[]
}

/** Takes a run apart by the wrapped functions that its interactions were made within, and reads each level by itself. */
export function readLevels(interactions: readonly Interaction[], timeline: Timeline): ReadLevel[] {
  const ordered = interactions.toSorted((a, b) => a.started_ms - b.started_ms)
  const functions = new Map(ordered.filter(({ kind }) => kind !== 'http').map((made) => [made.id, made.kind]))
  const levels = new Map<string | null, { interaction: Interaction; position: number }[]>([[null, []]])
  for (const [position, interaction] of ordered.entries()) {
    const { parent } = interaction
    const key = parent !== undefined && functions.has(parent) ? parent : null
    const level = levels.get(key)
    if (level === undefined) levels.set(key, [{ interaction, position }])
    else level.push({ interaction, position })
  }
  return [...levels].map(([parent, members]) => {
    const withinModel = parent !== null && functions.get(parent) === 'model'
    return readLevel(parent, withinModel, sortOut(members, timeline))
  })
}

function readLevel(parent: string | null, withinModel: boolean, level: Level): ReadLevel {
  const uses = readToolUses(level)
  const executed = uses.filter(isExecuted)
  const notExecuted = new Map<ModelCall, number>()
  for (const { asked } of uses.filter((use) => !isExecuted(use))) {
    // What an answer within a wrapped model asks for is usually run, and seen, outside.
    if (asked !== null && !withinModel) notExecuted.set(asked.by, (notExecuted.get(asked.by) ?? 0) + 1)
  }
  const taken = new Set(executed.flatMap(({ requests }) => requests.map(({ position }) => position)))
  const requests = level.requests.filter(({ position }) => !taken.has(position))
  return { parent, withinModel, calls: level.calls, uses: executed, notExecuted, requests }
}

function addMcpCall(
  level: Level,
  mcp: McpCall,
  interaction: HttpInteraction,
  position: number,
  timeline: Timeline,
): void {
  const { message, answer, error_class } = mcp
  // A server that wants to know more first is asked once more: that is the call.
  if (message.method === 'tools/call' && answer?.result?.resultType !== 'input_required') {
    level.wrappers.push({ interaction: asToolCall(interaction, mcp), position, mcp })
    return
  }
  // A stream that stands open is no wait: what it took is what it took to open it.
  const opened = message.kind === 'listen' ? interaction.answer?.headers_ms : undefined
  const ended_ms = opened === undefined ? endOf(interaction, timeline) : interaction.started_ms + opened
  level.requests.push({ interaction, position, ended_ms, error_class, mcp })
}

function sortOut(members: readonly { interaction: Interaction; position: number }[], timeline: Timeline): Level {
  const level: Level = { calls: [], wrappers: [], requests: [] }
  const attempts: ModelAttempt[] = []
  const cancelled = findCancelled(
    members.flatMap(({ interaction }) => (interaction.kind === 'http' ? interaction : [])),
  )
  for (const { interaction, position } of members) {
    const mcp = interaction.kind === 'http' ? readMcpCall(interaction, cancelled, timeline.finished) : null
    if (mcp !== null && interaction.kind === 'http') addMcpCall(level, mcp, interaction, position, timeline)
    else if (interaction.kind === 'http') {
      const identified = readModelRequest(interaction.request)
      const error_class = classifyHttp(interaction, timeline.finished)
      // Embeddings are no turn of a conversation: they stand between its turns as any other request.
      if (identified === null || identified.protocol.operation === 'embeddings') {
        const request = { interaction, position, ended_ms: endOf(interaction, timeline), error_class }
        level.requests.push({ ...request, ...(identified && { identified }) })
      } else attempts.push(readModelAttempt(interaction, identified, position, timeline))
    } else if (interaction.kind === 'model') level.calls.push(readWrappedModel(interaction, position, timeline))
    else level.wrappers.push({ interaction, position })
  }
  level.calls = [...level.calls, ...readModelCalls(attempts)].sort((a, b) => a.first - b.first)
  return level
}
