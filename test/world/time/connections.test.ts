import { expect, test } from 'vitest'
import { runFixture } from './run-both.ts'

test('a connection times out after so long without anything coming, and not before', async () => {
  const { end, value } = await runFixture('connections', 'all')
  expect(end).toBe('done')
  expect(value).toEqual({
    'a head that comes too late': { events: ['timeout'], took: 3_000 },
    'a time-out of the request': { events: ['timeout'], took: 2_000 },
    'a time-out of the agent': { events: ['timeout'], took: 1_500 },
    // Its head comes after 100 ms, its pieces every 250 ms.
    'pieces that each come in time': { events: ['one', 'two', 'three', 'end'], took: 850 },
    'pieces that come too late': { events: ['timeout'], took: 300 },
  })
})
