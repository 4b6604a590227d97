import { expect, test } from 'vitest'
import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { RunFinish } from '../../src/model/run.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { seenByRun } from '../../src/trace/seen-by-run.ts'
import { chat, http, recordingOf as recorded, user } from './build-recording.ts'
import { spanOf } from './read-trace.ts'

/** The recording of a replay. */
function recordingOf(interactions: Interaction[], finish: Partial<RunFinish> | null): Recording {
  return recorded(
    interactions.map((one) => ({ ...one, evidence: { grade: 'exact', source: one.id } })),
    finish,
  )
}

/** A stream of three chunks: two come before the run ends at 100 ms, and the last, an error, at 150. */
function stream(end: HttpInteraction['end']): HttpInteraction {
  const one = http('c1', 'https://docs.test/stream', { at: 0, took: 10, end })
  const chunks: [number, { text: string }][] = [
    [20, { text: 'a' }],
    [100, { text: 'b' }],
    [150, { text: '{"error":"overloaded"}' }],
  ]
  return { ...one, answer: { ...(one.answer as NonNullable<HttpInteraction['answer']>), chunks } }
}

const textsOf = (one: HttpInteraction): string[] =>
  (one.answer?.chunks ?? []).map(([, data]) => ('text' in data ? data.text : ''))

test.each([
  ['came after its end', { kind: 'complete', offset_ms: 150 }],
  ['never came to an end', null],
] as const)('a run has seen what came before its end given an answer that %s', (_what, end) => {
  const { recording } = seenByRun(recordingOf([stream(end)], { at_ms: 100 }))
  const [seen] = recording.interactions as [HttpInteraction]
  expect({ texts: textsOf(seen), end: seen.end }).toEqual({ texts: ['a', 'b'], end: null })
})

test('a run has seen all given a process that died, and what was asked after the end', () => {
  const whole = stream({ kind: 'complete', offset_ms: 150 })
  const late = { ...whole, started_ms: 101 }
  for (const recording of [recordingOf([whole], null), recordingOf([late], { at_ms: 100 })]) {
    expect(seenByRun(recording).recording.interactions).toEqual(recording.interactions)
  }
})

test('a run has seen an answer that was there as a whole given that its end came a moment later, and all that was imported', () => {
  const [whole, ofOthers] = [http('c1', 'https://docs.test/a', { at: 0, took: 100 }), stream(null)]
  const slow = { ...whole, end: { kind: 'complete', offset_ms: 100.01 } } as const
  for (const recording of [recordingOf([slow], { at_ms: 100 }), recorded([ofOthers], { at_ms: 0 })]) {
    expect(seenByRun(recording).recording.interactions).toEqual(recording.interactions)
  }
})

test('a status that a run has seen counts given a body that it did not wait for', () => {
  const refused = http('c1', 'https://docs.test/a', { at: 0, took: 40, status: 503 })
  const answer = { ...(refused.answer as NonNullable<HttpInteraction['answer']>), headers_ms: 20 }
  const trace = projectRun(recordingOf([{ ...refused, answer }], { at_ms: 20 }))
  expect(spanOf(trace, 'c1')).toMatchObject({ status: 'error', error_class: 'overloaded', latency_ms: 20 })
})

test('an error that came after the end of the run is none of it given calls that it had left open', () => {
  const trace = projectRun(
    recordingOf(
      [
        chat('c1', [user], { text: 'ok' }, { at: 0, took: 50 }),
        http('c2', 'https://docs.test/a', { at: 60, took: 90, status: 503 }),
        http('c3', 'https://docs.test/b', { at: 60, took: 40, status: 503 }),
        http('c4', 'https://docs.test/c', {
          at: 60,
          status: 0,
          end: { kind: 'failed', offset_ms: 90, error: { name: 'TypeError', message: 'fetch failed' } },
        }),
      ],
      { at_ms: 100 },
    ),
  )
  expect(['c1', 'c2', 'c3', 'c4'].map((id) => spanOf(trace, id).error_class)).toEqual([null, null, 'overloaded', null])
  expect(spanOf(trace, 'c2')).toMatchObject({ status: 'ok', latency_ms: 40 })
})
