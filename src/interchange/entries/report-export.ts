import type { Door, HttpInteraction, Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'

/** A request that went over HTTP, not to a server of MCP by another way. */
export type RequestOverHttp = HttpInteraction & { door: Exclude<Door, 'stdio' | 'transport'> }

/** The requests of a run that tools for HTTP can know. */
export function listRequests(interactions: readonly Interaction[]): RequestOverHttp[] {
  return interactions.filter(
    (one): one is RequestOverHttp => one.kind === 'http' && one.door !== 'stdio' && one.door !== 'transport',
  )
}

/** What an export for HTTP tools keeps and loses of any recording. */
export function reportExport({ interactions, input, notes, finish, chance }: Recording): {
  kept: string[]
  lost: string[]
} {
  const requests = listRequests(interactions)
  const messages = interactions.filter(({ kind }) => kind === 'http').length - requests.length
  const functions = interactions.length - requests.length - messages
  const kept = [count(requests.length, 'request')]
  const lost: string[] = []
  if (functions > 0) lost.push(count(functions, 'call of wrapped functions', 'calls of wrapped functions'))
  if (messages > 0)
    lost.push(count(messages, 'message to an MCP server without HTTP', 'messages to MCP servers without HTTP'))
  if (input !== null) lost.push('what the agent was called with')
  if (finish !== null) lost.push('how the run ended and what it gave back')
  if (chance !== undefined) lost.push('what was drawn at random')
  if (notes.length > 0) lost.push(count(notes.length, 'note'))
  return { kept, lost }
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
