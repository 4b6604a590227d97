import { isEventStream, messageText, readMessages } from '../model/event-stream.ts'
import { answerText, type Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { tokensOf } from './renaming.ts'

/** For each generated value of the input and the answers: when the agent may first have got it, ms. */
export function firstSeen(recording: Recording): Map<string, number> {
  const seen = new Map<string, number>()
  const see = (text: string, at: number): void => {
    for (const token of tokensOf(text)) seen.set(token, Math.min(seen.get(token) ?? at, at))
  }
  see(JSON.stringify(recording.input), Number.NEGATIVE_INFINITY)
  for (const interaction of recording.interactions) {
    const { started_ms, end } = interaction
    // The first bytes of a stream may tell what a later call repeats before the stream has ended.
    const offset = interaction.kind === 'http' ? interaction.answer?.headers_ms : end?.offset_ms
    see(worldText(interaction), started_ms + (offset ?? 0))
  }
  return seen
}

/** All that the world said in an interaction, as text. */
export function worldText(interaction: Interaction): string {
  if (interaction.kind !== 'http') return JSON.stringify(interaction.value ?? null)
  const { answer } = interaction
  if (answer === null) return ''
  const head = answer.headers.map((line) => line.join(': ')).join('\n')
  if (!isEventStream(answer.headers)) return `${head}\n${answerText(answer)}`
  const said = [...readMessages(answer.chunks)].map(([, message]) => (message === null ? '' : messageText(message)))
  return [head, ...said].join('\n')
}
