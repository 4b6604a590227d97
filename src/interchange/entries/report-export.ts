import type { HttpInteraction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'

/** What an export for HTTP tools keeps and loses of any recording. */
export function reportExport({ interactions, input, notes, finish, chance }: Recording): {
  kept: string[]
  lost: string[]
} {
  const requests = interactions.filter((one): one is HttpInteraction => one.kind === 'http')
  const functions = interactions.length - requests.length
  const kept = [count(requests.length, 'request')]
  const lost: string[] = []
  if (functions > 0) lost.push(count(functions, 'call of wrapped functions', 'calls of wrapped functions'))
  if (input !== null) lost.push('what the agent was called with')
  if (finish !== null) lost.push('how the run ended and what it gave back')
  if (chance !== undefined) lost.push('what was drawn at random')
  if (notes.length > 0) lost.push(count(notes.length, 'note'))
  return { kept, lost }
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
