import { isEventStream, mapEventStream } from '../model/event-stream.ts'
import { type FunctionInteraction, type HttpAnswer, type HttpInteraction, payloadText } from '../model/interaction.ts'
import type { Renaming } from './renaming.ts'

/** A recorded answer with the replay's own generated values in it; the interaction itself where there are none. */
export function renameAnswer(recorded: HttpInteraction, renaming: Renaming): HttpInteraction {
  const { answer } = recorded
  if (answer === null || renaming.isEmpty) return recorded
  const headers = answer.headers.map(([name, value]): [string, string] => [name, renaming.apply([value])[0] ?? value])
  if (isEventStream(answer.headers)) {
    const chunks = mapEventStream(answer.chunks, (text) => renaming.apply([text])[0] ?? text)
    return { ...recorded, answer: { ...answer, headers, chunks } }
  }
  if (!answer.chunks.every(([, data]) => 'text' in data)) return recorded
  const texts = renaming.apply(answer.chunks.map(([, data]) => payloadText(data)))
  const chunks = answer.chunks.map(([offset], i): HttpAnswer['chunks'][number] => [offset, { text: texts[i] ?? '' }])
  return { ...recorded, answer: { ...answer, headers, chunks } }
}

/** What a recorded function returned, with the replay's own generated values in it; the interaction itself where there are none. */
export function renameValue(recorded: FunctionInteraction, renaming: Renaming): FunctionInteraction {
  if (recorded.value === undefined || renaming.isEmpty) return recorded
  return { ...recorded, value: renaming.applyToJson(recorded.value) }
}
