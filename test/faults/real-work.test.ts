import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Agent, openCourt, outputOf } from '../replay/court.ts'

const court = openCourt()
afterAll(() => court.close())

const agent: Agent = { module: join(import.meta.dirname, 'fixtures/compress.ts'), export: 'run' }

test('a replay waits for real work in the thread pool, given an agent that compresses piece by piece and sleeps', async () => {
  const live = await court.record(agent)
  const replay = await court.replay(agent, live)
  expect(replay.end).toEqual({ outcome: 'finished', agent_error: null })
  expect(outputOf(replay)).toEqual(live.output)
})
