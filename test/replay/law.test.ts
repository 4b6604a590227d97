import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { canonicaliseInteraction } from '../../src/replay/canonical-call.ts'
import { type Court, fixture, openCourt, outputOf } from './court.ts'
import type { Step } from './fixtures/program.ts'
import { type PlannedAnswer, startWorld, type World } from './start-world.ts'

let world: World
let court: Court
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
})
afterAll(async () => {
  court.close()
  await world.close()
})

const delay = fc.integer({ min: 0, max: 20 })
const good = delay.map((ms): PlannedAnswer => ({ kind: 'json', delay: ms }))
const bad = fc.constantFrom<PlannedAnswer>({ kind: 'reset' }, { kind: 'cut' }, { kind: 'json', status: 500 })
const busy = fc.constantFrom<PlannedAnswer>({ kind: 'chat', status: 429 }, { kind: 'chat', status: 500, delay: 4 })
const events = fc.record<PlannedAnswer>({
  kind: fc.constant('events' as const),
  pieces: fc.integer({ min: 0, max: 4 }),
  gap: fc.integer({ min: 0, max: 6 }),
})

const call = <D extends string>(name: D, plan: fc.Arbitrary<PlannedAnswer[]>) =>
  fc.record({ do: fc.constant(name), lane: fc.constant(''), key: fc.constant(''), plan })

const leaf = fc.oneof(
  { weight: 4, arbitrary: call('fetch', fc.array(fc.oneof(good, good, bad), { minLength: 1, maxLength: 3 })) },
  {
    weight: 2,
    arbitrary: call(
      'chat',
      fc.array(busy, { maxLength: 3 }).map((some) => [...some, { kind: 'chat' }]),
    ),
  },
  { weight: 2, arbitrary: call('stream', fc.array(events, { minLength: 1, maxLength: 1 })) },
  { weight: 1, arbitrary: call('chat-stream', fc.array(events, { minLength: 1, maxLength: 1 })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(call('give-up', fc.constant<PlannedAnswer[]>([{ kind: 'hang' }])), fc.integer({ min: 20, max: 50 }))
      .map(([step, after]) => ({ ...step, after })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('tool' as const, 'model' as const),
      lane: fc.constant(''),
      key: fc.constant(''),
      ms: delay,
      fails: fc.boolean(),
      asks: fc.option(fc.constant({ lane: '', key: 'inner', plan: [] })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: delay }) },
) as fc.Arbitrary<Step>

const lane = fc.array(leaf, { minLength: 1, maxLength: 3 })
const parallel = fc.record({
  do: fc.constant('parallel' as const),
  lanes: fc.array(lane, { minLength: 2, maxLength: 4 }),
})
const program = fc.array(fc.oneof({ weight: 2, arbitrary: leaf }, { weight: 1, arbitrary: parallel }), {
  minLength: 1,
  maxLength: 5,
}) as fc.Arbitrary<Step[]>

let runs = 0

/** Gives every lane its name, and every call a key; a step that stands twice in a lane asks the same again. */
function name(steps: Step[], path: string): Step[] {
  return steps.map((step, index) => {
    if (step.do === 'sleep') return step
    if (step.do === 'parallel') {
      return { ...step, lanes: step.lanes.map((inner, i) => name(inner, `${path}/${index}.${i}`)) }
    }
    const key = `${path}:${steps.findIndex((other) => JSON.stringify(other) === JSON.stringify(step))}`
    return { ...step, lane: path, key, ...('asks' in step && step.asks && { asks: { ...step.asks, key: `${key}in` } }) }
  })
}

/** What of an interaction has to be the same in a replay. */
function essence(interaction: Interaction): unknown {
  const call = canonicaliseInteraction(interaction).text
  const end = interaction.end?.kind
  if (interaction.kind !== 'http') return { call, end, value: interaction.value, error: interaction.end?.error }
  const { answer, door } = interaction
  return {
    call,
    end,
    door,
    answer: answer && { ...answer, headers_ms: 0, chunks: answer.chunks.map(([, data]) => data) },
  }
}

/** The calls of each lane, in order. */
function byLane({ interactions }: Recording): Record<string, unknown[]> {
  const asked = interactions.filter(({ parent }) => parent === undefined)
  const lanes = Object.groupBy(
    asked,
    (one) => /\\?"lane\\?":\\?"([^"\\]*)/.exec(canonicaliseInteraction(one).text)?.[1] ?? '',
  )
  return Object.fromEntries(Object.entries(lanes).map(([key, calls]) => [key, calls?.map(essence) ?? []]))
}

test('a replay of the unchanged agent is the recorded run again given any program of calls, waits, retries and aborts', async () => {
  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      const input = { origin: world.origin, steps: name(steps, `run${++runs}`) }
      const live = await court.record(fixture('program'), input)
      const replay = await court.replay(fixture('program'), live)
      expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
      expect(replay.divergences).toEqual([])
      expect(replay.egress).toEqual([])
      expect(new Set(replay.grades)).toEqual(new Set(replay.grades.length === 0 ? [] : ['exact']))
      expect(outputOf(replay)).toEqual(live.recording.finish?.output)
      expect(replay.replayed?.finish?.stop_reason).toBe(live.recording.finish?.stop_reason)
      expect(byLane(replay.replayed as Recording)).toEqual(byLane(live.recording))
      const asked = live.recording.interactions.filter(({ parent }) => parent === undefined).map(({ id }) => id)
      const used = replay.replayed?.interactions.map(({ evidence }) => evidence?.source)
      expect(used?.toSorted()).toEqual(asked.toSorted())
    }),
    { numRuns: 20 },
  )
}, 120_000)

test('answers come in the recorded order given chains of calls in flight together whose ends lie close', async () => {
  const chain = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(chain, { minLength: 2, maxLength: 8 }), async (delays) => {
      const run = ++runs
      const chains = delays.map((ms, i) =>
        ms.map((delay, j) => ({ lane: `${i}`, key: `race${run}:${i}.${j}`, plan: [{ kind: 'json', delay }] })),
      )
      const live = await court.record(fixture('program', 'race'), { origin: world.origin, chains })
      const replay = await court.replay(fixture('program', 'race'), live)
      expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
      expect(outputOf(replay)).toEqual(live.output)
    }),
    { numRuns: 12 },
  )
}, 60_000)
