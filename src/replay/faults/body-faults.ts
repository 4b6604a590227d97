import type { HeaderList, HttpAnswer, HttpInteraction, Payload } from '../../model/interaction.ts'
import { answerText, headerValue, payloadBytes, toPayload } from '../../model/interaction.ts'
import { anthropicMessages } from '../../providers/anthropic-messages.ts'
import { openaiResponses } from '../../providers/openai-responses.ts'
import { findProtocol } from '../../providers/registry.ts'
import type { Fault } from './connection-faults.ts'

/** How long a slow server takes from one piece to the next, and how much it sends at a time. */
const DRIP_MS = 250
const DRIP_BYTES = 64

/** All comes, in small pieces and slowly. */
export const slowDrip: Fault = (interaction) => {
  const { answer, end } = interaction
  if (answer === null || end?.kind !== 'complete') return null
  const bytes = Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data)))
  const chunks: HttpAnswer['chunks'] = []
  for (let at = 0; at < bytes.length; at += DRIP_BYTES) {
    chunks.push([answer.headers_ms + chunks.length * DRIP_MS, toPayload(bytes.subarray(at, at + DRIP_BYTES))])
  }
  const offset_ms = chunks.at(-1)?.[0] ?? answer.headers_ms
  return { ...interaction, answer: { ...answer, chunks }, end: { ...end, offset_ms } }
}

/** The first half of a JSON body, sent as if it were all. */
export const truncatedJson: Fault = (interaction) =>
  ofJson(interaction, (text) => text.slice(0, Math.ceil(text.length / 2)))

/** A JSON body with one brace that is wrong. */
export const malformedJson: Fault = (interaction) => ofJson(interaction, (text) => text.replace(/[}\]]\s*$/, ')'))

/** The first half of the events, with a clean end: what a server that dies behind a proxy leaves. */
export const truncatedSse: Fault = (interaction) =>
  ofEvents(interaction, (events) => events.slice(0, Math.ceil(events.length / 2)))

/** A stream in the middle of which the data of one event is no JSON. */
export const malformedSse: Fault = (interaction) =>
  ofEvents(interaction, (events) => {
    const at = Math.floor(events.length / 2)
    return events.map((event, i) => (i === at ? event.replace(/[}\]](\s*)$/, ')$1') : event))
  })

/** The first half of the events, then the provider's word that it cannot go on: a failure under a status that says success. */
export const errorInStream: Fault = (interaction) =>
  ofEvents(interaction, (events) => [...events.slice(0, Math.ceil(events.length / 2)), errorEventOf(interaction)])

function errorEventOf({ request }: HttpInteraction): string {
  const message = 'The server had an error while processing your request.'
  const protocol = findProtocol(request)
  if (protocol === anthropicMessages) {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    return `event: error\ndata: ${JSON.stringify(error)}\n\n`
  }
  if (protocol === openaiResponses) {
    const error = { type: 'error', error: { type: 'server_error', code: 'server_error', message, param: null } }
    return `event: error\ndata: ${JSON.stringify(error)}\n\n`
  }
  const error = protocol === null ? message : { message, type: 'server_error', param: null, code: null }
  return `data: ${JSON.stringify({ error })}\n\n`
}

function typeOf(answer: HttpAnswer): string {
  return headerValue(answer.headers, 'content-type') ?? ''
}

function ofJson(interaction: HttpInteraction, change: (text: string) => string): HttpInteraction | null {
  const { answer } = interaction
  if (answer === null || answer.coded || !/\bjson\b/i.test(typeOf(answer))) return null
  const text = answerText(answer)
  const changed = change(text)
  return changed === text ? null : withBody(interaction, answer, [[answer.headers_ms, { text: changed }]])
}

/** Changes a stream event by event; each keeps the time at which the last of it came. */
function ofEvents(interaction: HttpInteraction, change: (events: string[]) => string[]): HttpInteraction | null {
  const { answer } = interaction
  if (answer === null || answer.coded || !/event-stream/i.test(typeOf(answer))) return null
  const events = answerText(answer).split(/(?<=\r?\n\r?\n|\r\r)(?=.)/s)
  const changed = change(events)
  if (changed.join('') === events.join('')) return null
  let length = 0
  const chunks = changed.map((event, i): [number, Payload] => {
    length += events[i]?.length ?? 0
    return [timeOf(answer, length), { text: event }]
  })
  return withBody(interaction, answer, chunks)
}

/** When so many characters of a text had come. */
function timeOf(answer: HttpAnswer, length: number): number {
  let come = 0
  for (const [offset, data] of answer.chunks) {
    come += payloadBytes(data).toString('utf8').length
    if (come >= length) return offset
  }
  return answer.chunks.at(-1)?.[0] ?? answer.headers_ms
}

function withBody(interaction: HttpInteraction, answer: HttpAnswer, chunks: HttpAnswer['chunks']): HttpInteraction {
  const length = chunks.reduce((sum, [, data]) => sum + payloadBytes(data).length, 0)
  const headers = answer.headers.map(([name, value]): HeaderList[number] => [
    name,
    name === 'content-length' ? String(length) : value,
  ])
  const offset_ms = chunks.at(-1)?.[0] ?? answer.headers_ms
  return { ...interaction, answer: { ...answer, headers, chunks }, end: { kind: 'complete', offset_ms } }
}
