import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Interaction } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, tells, user, wrapped } from './build-recording.ts'

const call = fc.tuple(
  fc.constantFrom('call_1', 'call_2'),
  fc.constantFrom('search', 'add'),
  fc.constantFrom('{"q":"aa"}', '{}', '{'),
)
const when = fc.record({
  at: fc.integer({ min: 0, max: 500 }),
  took: fc.integer({ min: 0, max: 200 }),
  parent: fc.option(fc.constantFrom('c1', 'c2', 'c3', 'gone'), { nil: undefined }),
})

const interaction = fc.oneof(
  fc
    .tuple(
      when,
      fc.array(call, { maxLength: 3 }),
      fc.array(call, { maxLength: 2 }),
      fc.constantFrom(undefined, 400, 429),
    )
    .map(([options, calls, told, status]) => (id: string): Interaction => {
      const history = told.flatMap((one: Call) => [asks(one), tells(one[0], 'Error: x')])
      return chat(id, [user, ...history], { calls, ...(status && { status }) }, withoutSelf(options, id))
    }),
  fc.tuple(when, fc.constantFrom(200, 404, 503, 0), fc.boolean()).map(
    ([options, status, open]) =>
      (id: string): Interaction =>
        http(id, 'https://x.test/search?q=aa', { ...withoutSelf(options, id), status, ...(open && { end: null }) }),
  ),
  fc.tuple(when, fc.constantFrom('tool' as const, 'model' as const)).map(
    ([options, kind]) =>
      (id: string): Interaction =>
        wrapped(kind, id, 'search', [{ q: 'aa' }], { ...withoutSelf(options, id), value: 'hit' }),
  ),
)

/** An interaction is never made within itself or within a later one. */
function withoutSelf({ at, took, parent }: Options, id: string): { at: number; took: number; parent?: string } {
  const earlier = parent === 'gone' || (parent !== undefined && parent < id)
  return earlier ? { at, took, parent } : { at, took }
}

interface Options {
  at: number
  took: number
  parent: string | undefined
}

const recording = fc.tuple(fc.array(interaction, { maxLength: 8 }), fc.boolean()).map(([makers, finished]) =>
  recordingOf(
    makers.map((make, i) => make(`c${i + 1}`)),
    finished ? {} : null,
  ),
)

test('gives the same trace twice, with each interaction in some span and every parent present', () => {
  fc.assert(
    fc.property(recording, (given) => {
      const trace = projectRun(given)
      expect(projectRun(structuredClone(given))).toEqual(trace)
      const ids = trace.spans.map(({ span_id }) => span_id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const { parent_id } of trace.spans) if (parent_id !== null) expect(ids).toContain(parent_id)
      const covered = new Set(trace.spans.flatMap(({ interactions }) => interactions))
      for (const { id } of given.interactions) expect(covered).toContain(id)
    }),
  )
})

test('gives finite, ordered times and one tool_call event for each tool call span', () => {
  fc.assert(
    fc.property(recording, (given) => {
      const { spans, events } = projectRun(given)
      for (const span of spans) expect(span.latency_ms).toBeGreaterThanOrEqual(0)
      expect(spans.map(({ started_at_ms }) => started_at_ms)).toEqual(
        spans.map(({ started_at_ms }) => started_at_ms).sort(),
      )
      expect(events.map(({ at_ms }) => at_ms)).toEqual(events.map(({ at_ms }) => at_ms).sort())
      const tools = spans.filter(({ step_type }) => step_type === 'tool_call')
      expect(events.filter(({ event }) => event === 'tool_call')).toHaveLength(tools.length)
    }),
  )
})
