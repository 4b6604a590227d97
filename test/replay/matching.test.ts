import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, fixture, openCourt, outputOf } from './court.ts'
import type { Ask } from './fixtures/caller.ts'
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

const text = (value: string, delay = 0): PlannedAnswer => ({ kind: 'json', value, delay })

function ask(key: string, plan: PlannedAnswer[], more: Record<string, unknown> = {}): Ask {
  return { url: `${world.origin}/ask`, method: 'POST', body: JSON.stringify({ key, plan, ...more }) }
}

test('the n-th equal call gets the n-th recorded answer given the same request three times', async () => {
  const one = ask('thrice', [text('a'), text('b'), text('c')])
  const live = await court.record(fixture('caller'), { asks: [one, one, one] })
  const replay = await court.replay(fixture('caller'), live)
  expect(outputOf(replay)).toEqual(['"a"', '"b"', '"c"'])
  expect(replay.grades).toEqual(['exact', 'exact', 'exact'])
  expect(replay.replayed?.interactions.map(({ evidence }) => evidence?.source)).toEqual(['c1', 'c2', 'c3'])
})

test('the replay stops with nothing served given one equal call more than was recorded', async () => {
  const one = ask('once more', [text('a'), text('b'), text('c')])
  const live = await court.record(fixture('caller'), { asks: [one, one, one] })
  const replay = await court.replay(fixture('caller'), live, { input: { asks: [one, one, one, one] } })
  expect(replay.end).toEqual({ outcome: 'diverged' })
  expect(replay.grades).toEqual(['exact', 'exact', 'exact', 'none'])
  expect(replay.divergences).toMatchObject([
    {
      step: 4,
      interaction: 'c4',
      kind: 'exhausted',
      grade: 'none',
      nearest: { step: 3, used: true },
      difference: null,
    },
  ])
  expect(replay.replayed?.finish).toBeNull()
})

test('a polling loop ends where the recorded one did given answers that change', async () => {
  const live = await court.record(fixture('caller', 'poll'), {
    asks: [ask('poll', [text('pending'), text('pending'), text('running'), text('done')])],
  })
  const replay = await court.replay(fixture('caller', 'poll'), live)
  expect(outputOf(replay)).toEqual(['"pending"', '"pending"', '"running"', '"done"'])
  expect(replay.divergences).toEqual([])
})

test('each call gets its own answer given another order of asking', async () => {
  const asks = ['x', 'y', 'z', 'x'].map((key) => ask(`order ${key}`, [text(`${key}1`), text(`${key}2`)]))
  const live = await court.record(fixture('caller'), { asks })
  const replay = await court.replay(fixture('caller'), live, { input: { asks: asks.toReversed() } })
  expect(outputOf(replay)).toEqual(['"x1"', '"z1"', '"y1"', '"x2"'])
  expect(replay.grades).toEqual(['exact', 'exact', 'exact', 'exact'])
})

test('equal calls in flight together get the recorded answers in order given answers that overtake each other', async () => {
  const same = ask('twins', [text('slow', 60), text('fast'), text('middle', 30)])
  const live = await court.record(fixture('caller', 'atOnce'), { asks: [same, same, same] })
  const replay = await court.replay(fixture('caller', 'atOnce'), live)
  expect(outputOf(replay)).toEqual(live.output)
  expect(replay.grades).toEqual(['exact', 'exact', 'exact'])
})

test('no call gets the answer of another given ten in flight that differ in one word', async () => {
  const asks = Array.from({ length: 10 }, (_, i) =>
    ask(`crowd ${i}`, [text(`answer ${i}`, (i * 7) % 10)], { same: 'words' }),
  )
  const live = await court.record(fixture('caller', 'atOnce'), { asks })
  const replay = await court.replay(fixture('caller', 'atOnce'), live, { input: { asks: asks.toReversed() } })
  expect(outputOf(replay)).toEqual(asks.map((_, i) => `"answer ${9 - i}"`))
})

test('nothing is served by position given a call that only stands where the recorded one stood', async () => {
  const live = await court.record(fixture('caller'), { asks: [ask('first', [text('a')]), ask('second', [text('b')])] })
  const replay = await court.replay(fixture('caller'), live, {
    input: { asks: [ask('first', [text('a')]), ask('other', [text('b')])] },
  })
  expect(replay.grades).toEqual(['exact', 'none'])
  expect(outputOf(replay)).toBeUndefined()
})
