import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, fixture, openCourt, outputOf } from './court.ts'

let court: Court
beforeAll(() => {
  court = openCourt()
})
afterAll(() => court.close())

test('every random value is the same in two replays of one recording given an agent that draws by all means', async () => {
  const live = await court.record(fixture('random'))
  const [one, two] = [await court.replay(fixture('random'), live), await court.replay(fixture('random'), live)]
  expect(one.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(outputOf(two)).toEqual(outputOf(one))
  expect(outputOf(one)).not.toEqual(live.output)
})

test('random bytes differ between replays of different runs', async () => {
  const live = await court.record(fixture('random'))
  const other = court.save({ ...live.recording, run: { ...live.recording.run, run_id: 'run_another' } })
  const [one, two] = [await court.replay(fixture('random'), live), await court.replay(fixture('random'), other)]
  const [first, second] = [one, two].map((replay) => outputOf(replay) as Record<string, unknown>)
  expect(first?.randomBytes).not.toEqual(second?.randomBytes)
  expect(first?.getRandomValues).not.toEqual(second?.getRandomValues)
})

test('random values are as random as an agent needs given a replay', async () => {
  const live = await court.record(fixture('random', 'faults'))
  expect(live.output).toEqual([])
  expect(outputOf(await court.replay(fixture('random', 'faults'), live))).toEqual([])
})
