import type { JsonValue } from '../../core/json.ts'
import { type HttpInteraction, type HttpRequest, headerValue, type Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { type McpRequest, readMcpRequest } from '../../providers/mcp/read-request.ts'
import type { OpenCall } from '../open-call.ts'

/** Says of a standing stream that it stood open in the replay for longer than the recording knows: it stayed silent. */
export const STANDS_LONGER = 'the stream of the server stays open for longer than the recorded one did'

/** Whether a call opens a stream on which a server of MCP may speak by itself: nobody waits for its end. */
export function isStanding(interaction: Interaction): interaction is HttpInteraction {
  return interaction.kind === 'http' && readMcpRequest(interaction.request)?.kind === 'listen'
}

/** What the calls of a run say of each other, where they are calls of MCP servers. */
export interface McpTies {
  /** Streams on which a server may speak by itself, by id. */
  standing: ReadonlySet<string>
  /** Streams that stood open until the agent left, by id: they do not end by themselves. */
  openEnded: ReadonlySet<string>
  /** How long after a call the agent told the server that it does not wait for it any more, ms, by id. */
  cancelled: ReadonlyMap<string, number>
}

/** Reads the ties between the calls of MCP servers in a recording. */
export function readMcpTies({ interactions }: Recording): McpTies {
  const standing = new Set<string>()
  const openEnded = new Set<string>()
  const cancelled = new Map<string, number>()
  const calls = interactions.flatMap((interaction) => {
    if (interaction.kind !== 'http') return []
    const message = readMcpRequest(interaction.request)
    return message === null ? [] : [{ interaction, message }]
  })
  for (const [i, { interaction, message }] of calls.entries()) {
    const session = sessionOf(interaction)
    const ofServer = (other: (typeof calls)[number]): boolean => sessionOf(other.interaction) === session
    if (message.kind === 'listen') {
      standing.add(interaction.id)
      const left = calls.slice(i + 1).find((other) => other.message.kind === 'leave' && ofServer(other))
      if (isLeft(interaction, left?.interaction)) openEnded.add(interaction.id)
    } else if (message.method === 'notifications/cancelled') {
      const { requestId } = message.params
      const call = calls.slice(0, i).findLast((other) => isRequest(other.message, requestId) && ofServer(other))
      if (call !== undefined) {
        cancelled.set(call.interaction.id, interaction.started_ms - call.interaction.started_ms)
      }
    }
  }
  return { standing, openEnded, cancelled }
}

function sessionOf({ request }: HttpInteraction): string {
  return `${request.url}\n${headerValue(request.headers, 'mcp-session-id') ?? ''}`
}

function isRequest({ kind, id }: McpRequest, wanted: JsonValue | undefined): boolean {
  return (kind === 'request' || kind === 'listen') && id !== null && id === wanted
}

function isLeft({ answer, end, started_ms }: HttpInteraction, left: HttpInteraction | undefined): boolean {
  if (answer === null || answer.status >= 400) return false
  if (end === null || end.kind === 'aborted') return true
  return left !== undefined && left.started_ms <= started_ms + end.offset_ms
}

/** Whether recordings hold what was said to a child process under this address. */
export function isServer(url: string, recordings: readonly Recording[]): boolean {
  return recordings.some(({ interactions }) =>
    interactions.some((one) => one.kind === 'http' && one.request.url === url),
  )
}

/** Tells the calls that the agent does not wait for any more, by a notification that it sends now. */
export function abandonCancelled(ask: HttpRequest, open: Iterable<OpenCall>): void {
  const message = readMcpRequest(ask)
  if (message?.method !== 'notifications/cancelled') return
  for (const { asked, served } of open) {
    if (asked?.url !== ask.url || !isRequest(readMcpRequest(asked) ?? message, message.params.requestId)) continue
    served?.abandon()
  }
}
