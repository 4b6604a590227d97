import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { findConcurrentGroups } from '../../src/replay/order/concurrent-groups.ts'
import { countOrders, drawOrder, listOrders } from '../../src/replay/order/list-orders.ts'
import { reorder } from '../../src/replay/order/reorder.ts'
import { isOrderMet, resolveOrder } from '../../src/replay/order/resolve-order.ts'

type Span = [start: number, end: number | null, kind?: 'complete' | 'aborted' | 'failed']

/** A run of tools, each from one time to another; with chunks half-way, as of a stream. */
function run(spans: readonly Span[]): Recording {
  const interactions = spans.map(([start, end, kind = 'complete'], i): Interaction => {
    const offset_ms = end === null ? 0 : end - start
    return {
      id: `c${i + 1}`,
      kind: 'http',
      door: 'fetch',
      started_ms: start,
      request: { method: 'GET', url: `http://host.test/${i}`, headers: [], body: null },
      answer: {
        status: 200,
        status_text: 'OK',
        headers: [],
        headers_ms: 0,
        chunks: [
          [offset_ms / 2, { text: 'a' }],
          [offset_ms, { text: 'b' }],
        ],
      },
      end: end === null ? null : { kind, offset_ms },
    }
  })
  return {
    format: 'retrial/1',
    run: { run_id: 'run_1', trace_id: 't1', started_at: 0 },
    input: null,
    runtime: { node: '24.0.0', platform: 'linux-x64' },
    redaction: null,
    interactions,
    notes: [],
    finish: { at_ms: 10_000, stop_reason: 'completed', output: null, error: null },
    integrity: 'sealed',
  }
}

const startOf = (recording: Recording, id: string): number =>
  recording.interactions.find((one) => one.id === id)?.started_ms ?? Number.NaN
const endOf = (recording: Recording, id: string): number => {
  const found = recording.interactions.find((one) => one.id === id)
  return found?.end ? found.started_ms + found.end.offset_ms : Number.POSITIVE_INFINITY
}
const calls = (recording: Recording): (readonly string[])[] =>
  findConcurrentGroups(recording).map((group) => group.calls)

const anySpans = fc.array(
  fc
    .tuple(
      fc.nat(400),
      fc.integer({ min: 1, max: 120 }),
      fc.constantFrom('complete', 'complete', 'failed', 'aborted', 'open'),
    )
    .map(([start, took, kind]): Span => (kind === 'open' ? [start, null] : [start, start + took, kind as 'complete'])),
  { maxLength: 12 },
)

test('finds what was in flight together, in the order of the answers, given a run of several parts', () => {
  const parts: Span[] = [
    [0, 50],
    [60, 100],
    [61, 90],
    [62, 95],
    [200, 210],
    [220, 300],
    [230, 240],
  ]
  expect(calls(run(parts))).toEqual([
    ['c3', 'c4', 'c2'],
    ['c7', 'c6'],
  ])
})

test('finds nothing to order given one call after the other, calls that were given up, or tools that return at once', () => {
  expect(calls(run([]))).toEqual([])
  expect(
    calls(
      run([
        [0, 10],
        [10, 20],
      ]),
    ),
  ).toEqual([])
  expect(
    calls(
      run([
        [0, 10],
        [1, 20, 'aborted'],
        [2, null],
      ]),
    ),
  ).toEqual([])
})

test('has n! orders, the recorded one first and all of them different, given n calls side by side', () => {
  const [group] = findConcurrentGroups(
    run([
      [0, 13],
      [1, 12],
      [2, 11],
      [3, 10],
    ]),
  )
  if (group === undefined) throw new Error('no group')
  const orders = [...listOrders(group)]
  expect(orders[0]).toEqual(['c4', 'c3', 'c2', 'c1'])
  expect(new Set(orders.map((order) => order.join())).size).toBe(24)
  expect(countOrders(group, 1_000)).toBe(24)
  expect(countOrders(group, 5)).toBe(5)
})

test('keeps answers before the calls that were made after them, given two agents side by side', () => {
  const [group] = findConcurrentGroups(
    run([
      [0, 10],
      [1, 15],
      [11, 30],
      [16, 40],
    ]),
  )
  if (group === undefined) throw new Error('no group')
  expect([...listOrders(group)]).toEqual([
    ['c1', 'c2', 'c3', 'c4'],
    ['c1', 'c2', 'c4', 'c3'],
    ['c1', 'c3', 'c2', 'c4'],
    ['c2', 'c1', 'c3', 'c4'],
    ['c2', 'c1', 'c4', 'c3'],
  ])
})

test('answers come in the order that is asked for, later or as recorded, and no call before what it was made after, given any run', () => {
  fc.assert(
    fc.property(anySpans, fc.array(fc.nat(0xffffffff), { minLength: 20, maxLength: 20 }), (spans, numbers) => {
      const recording = run(spans)
      let at = 0
      const random = (): number => numbers[at++ % numbers.length] as number
      const orders = findConcurrentGroups(recording).map((group) => drawOrder(group, random))
      const moved = reorder(recording, orders)
      for (const order of orders) {
        const ends = order.map((id) => endOf(moved, id))
        expect(ends).toEqual([...ends].sort((a, b) => a - b))
      }
      for (const { id, answer, end, started_ms } of moved.interactions as (Interaction & { kind: 'http' })[]) {
        expect(started_ms).toBeGreaterThanOrEqual(startOf(recording, id))
        expect(endOf(moved, id)).toBeGreaterThanOrEqual(endOf(recording, id))
        const offsets = answer?.chunks.map(([offset]) => offset) ?? []
        expect([...offsets, end?.offset_ms ?? Number.POSITIVE_INFINITY]).toEqual(
          [...offsets, end?.offset_ms ?? Number.POSITIVE_INFINITY].sort((a, b) => a - b),
        )
        for (const other of recording.interactions) {
          if (endOf(recording, other.id) > startOf(recording, id)) continue
          expect(startOf(moved, id)).toBeGreaterThanOrEqual(endOf(moved, other.id))
        }
      }
      expect(moved.finish?.at_ms).toBeGreaterThanOrEqual(recording.finish?.at_ms ?? 0)
    }),
  )
})

test('changes nothing given the recorded order', () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const recording = run(spans)
      expect(reorder(recording, resolveOrder(recording, 'recorded'))).toBe(recording)
      const recorded = calls(recording)
      // Answers of one moment are put behind each other, all else stays.
      const ends = recording.interactions.map(({ id }) => endOf(recording, id)).filter(Number.isFinite)
      if (new Set(ends).size === ends.length)
        expect(reorder(recording, recorded).interactions).toEqual(recording.interactions)
    }),
  )
})

test('what came of a stream before another call was made stays where it was, given an order that delays the stream', () => {
  const recording = run([
    [0, 100],
    [60, 130],
  ])
  const moved = reorder(recording, resolveOrder(recording, ['c2', 'c1']))
  const [stream, tool] = moved.interactions as (Interaction & { kind: 'http' })[]
  expect(stream?.answer?.chunks.map(([offset]) => offset)).toEqual([50, 131])
  expect(stream?.end?.offset_ms).toBe(131)
  expect(tool).toEqual(recording.interactions[1])
})

test('an order is the same each time and another for another seed, given a seed', () => {
  const recording = run(Array.from({ length: 9 }, (_, i): Span => [i, 100 - i]))
  const drawn = (seed: string): string => JSON.stringify(resolveOrder(recording, { seed }))
  expect(drawn('a')).toBe(drawn('a'))
  expect(new Set(['a', 'b', 'c', 'd'].map(drawn)).size).toBe(4)
})

test('calls that are not named keep their places given the ids of some', () => {
  const recording = run([
    [0, 10],
    [1, 20],
    [2, 30],
    [3, 40],
  ])
  expect(resolveOrder(recording, ['c4', 'c2'])).toEqual([['c1', 'c4', 'c3', 'c2']])
  expect(resolveOrder(recording, ['c2', 'c4'])).toEqual([])
})

test.each([
  [['c1', 'c9'], /no call c9/],
  [['c1', 'c1'], /twice/],
  [['c1', 'c4'], /around c4/],
  [['c3', 'c1'], /after the answer to c1/],
] as const)('an order that cannot be is refused, given %j', (order, message) => {
  const recording = run([
    [0, 10],
    [1, 20],
    [11, 30],
    [50, 60],
  ])
  expect(() => resolveOrder(recording, order)).toThrow(expect.objectContaining({ code: 'ERR_REPLAY_ORDER' }))
  expect(() => resolveOrder(recording, order)).toThrow(message)
})

test('an order is met only by answers that came in it, given what a replay served', () => {
  const recording = run([
    [0, 10],
    [1, 20],
  ])
  const served = recording.interactions.map(
    (one): Interaction => ({ ...one, evidence: { grade: 'exact', source: one.id } }),
  )
  const [one, two] = served as [Interaction, Interaction]
  expect(isOrderMet([['c1', 'c2']], served)).toBe(true)
  expect(isOrderMet([['c2', 'c1']], served)).toBe(false)
  expect(isOrderMet([['c1', 'c2']], [one])).toBe(false)
  expect(isOrderMet([['c1', 'c2']], [one, { ...two, end: { kind: 'aborted', offset_ms: 30 } }])).toBe(false)
})
