import fc from 'fast-check'
import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'

/** A call of a made-up run. */
interface Call {
  start: number
  took: number
}

const calls = fc.array(fc.record({ start: fc.integer({ min: 0, max: 300 }), took: fc.integer({ min: 1, max: 200 }) }), {
  minLength: 1,
  maxLength: 6,
})

export function interactionOf({ start, took }: Call, i: number): HttpInteraction {
  return {
    id: `c${i + 1}`,
    kind: 'http',
    door: 'fetch',
    started_ms: start,
    request: { method: 'POST', url: `http://tools.test/${i}`, headers: [], body: { text: `question ${i}` } },
    answer: {
      status: 200,
      status_text: 'OK',
      headers: [['content-type', 'application/json']],
      headers_ms: took / 2,
      chunks: [
        [took / 2, { text: '{"answer":' }],
        [took, { text: `"${i}"}` }],
      ],
    },
    end: { kind: 'complete', offset_ms: took },
  }
}

export function recordingOf(interactions: Interaction[]): Recording {
  const sorted = interactions.toSorted((a, b) => a.started_ms - b.started_ms)
  return {
    format: 'retrial/1',
    run: { run_id: 'run_1', trace_id: '0af7651916cd43dd8448eb211c80319c', started_at: 1_764_000_000_000 },
    input: null,
    runtime: { node: '24.0.0', platform: 'linux-x64', timezone: 'UTC', env: {} },
    redaction: null,
    interactions: sorted,
    notes: [],
    finish: { at_ms: 2_000, stop_reason: 'completed', output: null, error: null },
    integrity: 'sealed',
    digest: 'of the original',
  }
}

/** Any run of one to six calls. */
export const recordings = calls.map((some) => recordingOf(some.map(interactionOf)))
/** A run of so many calls at once. */
export const atOnce = (count: number): Recording =>
  recordingOf(Array.from({ length: count }, (_, i) => interactionOf({ start: i, took: 50 + i }, i)))
