import { parseJson } from '../core/json.ts'
import { answerText, type HttpAnswer, headerValue, payloadBytes } from '../model/interaction.ts'
import type { StreamEvent } from './read-body.ts'

/**
 * The elements of a stream that is one JSON array, each with the time at which it was complete; an element that broke off is
 * left out. Null for a body that is no array of objects.
 */
export function readJsonArray(answer: HttpAnswer): StreamEvent[] | null {
  if (/text\/event-stream/i.test(headerValue(answer.headers, 'content-type') ?? '')) return null
  if (!/^\uFEFF?\s*\[\s*\{/.test(answerText(answer))) return null
  const events: StreamEvent[] = []
  const scanner = new ElementScanner()
  const decoder = new TextDecoder()
  for (const [at_ms, payload] of answer.chunks) {
    for (const data of scanner.feed(decoder.decode(payloadBytes(payload), { stream: true }))) {
      events.push({ name: null, json: parseJson(data), data, at_ms })
    }
  }
  return events
}

/** Cuts an array of objects into its elements. */
class ElementScanner {
  #element = ''
  #depth = 0
  #inString = false
  #isEscaped = false

  /** The elements that come to their end in this piece. */
  feed(text: string): string[] {
    const whole: string[] = []
    let start = 0
    for (let i = 0; i < text.length; i++) {
      const letter = text[i]
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (letter === '\\') this.#isEscaped = true
        else if (letter === '"') this.#inString = false
      } else if (letter === '"') this.#inString = this.#depth > 0
      else if (letter === '{') {
        if (this.#depth++ === 0) start = i
      } else if (letter === '}' && this.#depth > 0 && --this.#depth === 0) {
        whole.push(this.#element + text.slice(start, i + 1))
        this.#element = ''
      }
    }
    if (this.#depth > 0) this.#element += text.slice(start)
    return whole
  }
}
