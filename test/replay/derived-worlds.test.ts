import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HttpInteraction, Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { FAULT_VARIANTS } from '../../src/model/world.ts'
import { deriveFault } from '../../src/replay/worlds/derive-fault.ts'
import { scaleLatency } from '../../src/replay/worlds/scale-latency.ts'
import { atOnce, interactionOf, recordingOf, recordings } from './build-calls.ts'

const endOf = ({ started_ms, end }: Interaction): number => started_ms + (end?.offset_ms ?? Number.NaN)
/** All but times. */
const withoutTimes = (recording: Recording): unknown => [
  recording.run,
  recording.interactions.map((one) => [
    one.id,
    one.kind === 'http' && [one.request, one.answer?.chunks.map(([, data]) => data)],
  ]),
]

test('every answer takes so many times as long, and nothing else is changed, given any run and factor', () => {
  fc.assert(
    fc.property(recordings, fc.constantFrom(0.25, 0.5, 2, 3), (recording, factor) => {
      const before = structuredClone(recording)
      const scaled = scaleLatency(recording, factor)
      expect(recording).toEqual(before)
      expect(withoutTimes(scaled)).toEqual(withoutTimes(recording))
      for (const [i, one] of recording.interactions.entries()) {
        const other = scaled.interactions[i] as HttpInteraction
        expect(other.end?.offset_ms).toBeCloseTo((one.end?.offset_ms ?? 0) * factor, 2)
        expect(other.answer?.headers_ms).toBeCloseTo(((one as HttpInteraction).answer?.headers_ms ?? 0) * factor, 2)
        expect(other.started_ms).toBeGreaterThanOrEqual(0)
      }
      expect(scaled.digest).toBeUndefined()
    }),
  )
})

test('what was made after an answer is made as long after it, given any run and factor', () => {
  fc.assert(
    fc.property(recordings, fc.constantFrom(0.25, 0.5, 2, 3), (recording, factor) => {
      const scaled = scaleLatency(recording, factor)
      for (const [i, one] of recording.interactions.entries()) {
        const after = recording.interactions
          .map((other, j) => [other, j] as const)
          .filter(([other]) => endOf(other) <= one.started_ms)
        if (after.length === 0) continue
        const last = Math.max(...after.map(([other]) => endOf(other)))
        const ends = after.map(([, j]) => endOf(scaled.interactions[j] as Interaction))
        const gap = (scaled.interactions[i] as Interaction).started_ms - Math.max(...ends)
        expect(gap).toBeGreaterThan(-0.01)
        if (factor > 1) expect(gap).toBeLessThanOrEqual(one.started_ms - last + 0.01)
      }
    }),
  )
})

test('a factor of one is the very recording, and a run one after the other comes back, given a factor and its inverse', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }), (takes) => {
      let start = 0
      const recording = recordingOf(
        takes.map((took, i) => {
          const call = interactionOf({ start, took }, i)
          start += took + 7
          return call
        }),
      )
      expect(scaleLatency(recording, 1)).toBe(recording)
      const back = scaleLatency(scaleLatency(recording, 2), 0.5)
      expect(back.interactions.map(({ started_ms }) => started_ms)).toEqual(
        recording.interactions.map(({ started_ms }) => started_ms),
      )
    }),
  )
})

test('a silence is known for as many times as long, and a limit stays where it was, given what a client ended', () => {
  const base = interactionOf({ start: 0, took: 100 }, 0)
  const aborted: HttpInteraction = { ...base, answer: null, end: { kind: 'aborted', offset_ms: 100 } }
  const error = { name: 'HeadersTimeoutError', message: 'Headers Timeout Error', code: 'UND_ERR_HEADERS_TIMEOUT' }
  const limited: HttpInteraction = { ...base, answer: null, end: { kind: 'failed', offset_ms: 100, error } }
  const endsOf = (call: HttpInteraction) =>
    [0.5, 2].map((factor) => scaleLatency(recordingOf([call]), factor).interactions[0]?.end)
  expect(endsOf(aborted)).toMatchObject([
    { kind: 'aborted', offset_ms: 50 },
    { kind: 'aborted', offset_ms: 200 },
  ])
  // Twice as fast, an answer may have come before the limit: nobody knows.
  expect(endsOf(limited)).toMatchObject([
    { kind: 'aborted', offset_ms: 50 },
    { kind: 'failed', offset_ms: 100 },
  ])
  const cut: HttpInteraction = {
    ...base,
    end: { kind: 'cut', offset_ms: 120, error: { ...error, code: 'UND_ERR_BODY_TIMEOUT' } },
  }
  expect(scaleLatency(recordingOf([cut]), 2).interactions[0]).toMatchObject({
    answer: { headers_ms: 100, chunks: [[100, { text: '{"answer":' }]] },
    end: { kind: 'cut', offset_ms: 120 },
  })
})

test('one answer is another failure and nothing else is changed, given any fault that can happen', () => {
  fc.assert(
    fc.property(recordings, fc.constantFrom(...FAULT_VARIANTS), fc.nat(), (recording, kind, pick) => {
      const at = [recording.interactions[pick % recording.interactions.length]?.id ?? '']
      const before = structuredClone(recording)
      const derived = deriveFault(recording, { kind, at })
      expect(recording).toEqual(before)
      if (derived === null) throw new Error(`${kind} cannot happen`)
      const changed = derived.interactions.filter((one, i) => one !== recording.interactions[i])
      expect(changed.map(({ id }) => id)).toEqual(at)
      expect(changed[0]).toMatchObject({ started_ms: expect.any(Number), request: { method: 'POST' } })
      expect(derived.notes).toMatchObject([{ code: 'fault_injected', data: { interaction: at[0], fault: kind } }])
      expect(derived.digest).toBeUndefined()
    }),
  )
  const [tool] = [
    {
      id: 'c1',
      kind: 'tool',
      name: 'look_up',
      args: null,
      started_ms: 1,
      value: 3,
      end: { kind: 'complete', offset_ms: 4 },
    } as const,
  ]
  expect(deriveFault(recordingOf([tool]), { kind: 'reset', at: ['c1'] })?.interactions[0]).toMatchObject({
    end: { kind: 'failed', error: { code: 'ECONNRESET' } },
  })
  expect(deriveFault(recordingOf([tool]), { kind: '429', at: ['c1'] })).toBeNull()
  expect(deriveFault(atOnce(2), { kind: 'reset', at: ['c1', 'c9'] })).toBeNull()
})

test('nothing but time can fail an answer given that a child process gave it', () => {
  const recorded = { ...interactionOf({ start: 0, took: 10 }, 0), door: 'stdio' as const }
  const possible = FAULT_VARIANTS.filter((kind) => deriveFault(recordingOf([recorded]), { kind, at: ['c1'] }) !== null)
  expect(possible).toEqual(['timeout', 'slow'])
})
