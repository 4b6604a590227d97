import { type Payload, payloadBytes } from '../../model/interaction.ts'
import type { ServedExchange } from '../tape.ts'

/** The body of an answer as an iterable: yields each chunk when it is due, throws where the recorded connection broke. */
export async function* iterateBody(exchange: ServedExchange): AsyncGenerator<Uint8Array> {
  const chunks: Payload[] = []
  let end: { error: unknown } | 'whole' | null = null
  let wake: (() => void) | null = null
  const onChange = (): void => wake?.()
  exchange.flow({
    chunk(data) {
      chunks.push(data)
      onChange()
    },
    end() {
      end = 'whole'
      onChange()
    },
    fail(error) {
      end = { error }
      onChange()
    },
  })
  for (;;) {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield payloadBytes(chunk)
    const ended = end as { error: unknown } | 'whole' | null
    if (ended === 'whole') return
    if (ended !== null) throw ended.error
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
