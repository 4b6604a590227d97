import zlib from 'node:zlib'
import type { Fault, Step } from '../fault.ts'
import { errorEvent, head, LAST_CHUNK, modelEvents, stream } from '../wire.ts'

/** A stream whose pieces are made of the events of a good answer. */
function events(pieces: (events: string[], path: string) => (string | Uint8Array)[], end?: Step[]): Fault {
  return { asks: 'stream', answer: (_, path) => stream(pieces(modelEvents(path), path), end) }
}

const firstTwo = (all: string[]): string[] => all.slice(0, 2)

/** Faults and oddities of streams. */
export const EVENT_FAULTS: Record<string, Fault> = {
  stream: events((all) => all),
  stream_at_once: events((all) => [all.join('')]),
  stream_split_in_event: events((all) => [...all.join('').matchAll(/.{1,120}/gs)].map(([piece]) => piece)),
  stream_split_in_character: events((all) => {
    const bytes = Buffer.from(all.join(''))
    const cut = bytes.indexOf(0xf0) + 1
    return [bytes.subarray(0, cut), bytes.subarray(cut)]
  }),
  stream_crlf: events((all) => all.map((event) => event.replaceAll('\n', '\r\n'))),
  stream_cr: events((all) => all.map((event) => event.replaceAll('\n', '\r'))),
  stream_bom: events((all) => [`\ufeff${all.join('')}`]),
  stream_comments: events((all) => all.flatMap((event) => [': ping\n\n', event])),
  stream_long_line: {
    asks: 'stream',
    answer: (_, path) => stream(modelEvents(path, ['x'.repeat(300_000)])),
  },
  stream_gzip: {
    asks: 'stream',
    answer: (_, path) => [
      head('200 OK', { 'content-type': 'text/event-stream', 'content-encoding': 'gzip', connection: 'close' }),
      zlib.gzipSync(modelEvents(path).join('')),
      'fin',
    ],
  },
  stream_until_close: {
    asks: 'stream',
    answer: (_, path) => [head('200 OK', { 'content-type': 'text/event-stream' }), modelEvents(path).join(''), 'fin'],
  },
  stream_empty: events(() => []),
  malformed_sse: events((all) => all.map((event, i) => (i === 2 ? event.replace(/\}(\s*)$/, ')$1') : event))),
  truncated_sse: events(firstTwo),
  truncated_in_event: events((all) => [all[0] ?? '', (all[1] ?? '').slice(0, 30)]),
  last_event_unended: events((all) => [all.join('').trimEnd()]),
  error_in_stream: events((all, path) => [...firstTwo(all), errorEvent(path)]),
  stream_cut: events(firstTwo, ['fin']),
  stream_reset: events(firstTwo, ['reset']),
  stream_bad_chunk: events(firstTwo, ['zz\r\n', 'fin']),
  stream_silent: { ...events(firstTwo, ['hang']), act: 'time out', patience_ms: 3_000 },
  stream_goes_on_after_done: events((all) => [...all, 'data: {"late":true}\n\n'], [LAST_CHUNK]),
}
