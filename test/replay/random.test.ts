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
  const [drawn, liveDrawn] = [outputOf(one), live.output] as Record<string, unknown>[]
  const unrecorded = Object.keys(liveDrawn ?? {}).filter((name) =>
    /pairs|keys|aes|hmac|Bytes|Fill|Values|Int/.test(name),
  )
  expect(unrecorded.length).toBeGreaterThan(15)
  for (const name of unrecorded) expect(drawn?.[name], name).not.toEqual(liveDrawn?.[name])
  // The halves of a pair fit, in the replay as they did live.
  for (const [name, value] of Object.entries(drawn ?? {})) {
    if (name.includes('pairs') || /^web (EC|Ed|RSA)/.test(name)) expect((value as unknown[])[0], name).toBe(true)
  }
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
