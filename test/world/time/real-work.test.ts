import { expect, test } from 'vitest'
import { runFixture } from './run-both.ts'

test.each([
  ['each', 'of any kind'],
  ['fromTimers', 'that a timer began'],
])(
  'the clock stands still given real work (%s) %s that is under way',
  async (name) => {
    const { end, value } = await runFixture('real-work', name)
    expect(end).toBe('done')
    const outcomes = Object.entries(value as Record<string, [string, number]>)
    expect(outcomes.length).toBeGreaterThan(30)
    expect(outcomes.filter(([, [won, elapsed]]) => won !== 'work won' || elapsed !== 0)).toEqual([])
  },
  60_000,
)

test('real work comes back in the order in which it was asked for given pieces of different length', async () => {
  const { value } = await runFixture('real-work', 'together')
  expect(value).toEqual(['scrypt', 'stat', 'pbkdf2', 'access'])
})

test('a wait on memory takes its virtual time given that nobody wakes it', async () => {
  const { value } = await runFixture('real-work', 'memory')
  expect(value).toEqual(['timed-out', 2_000, 'timed-out', 5_000, 'ok', 6_000, 'not-equal'])
})

test('every clock tells the same time given a wait', async () => {
  const { value } = await runFixture('real-work', 'clocks')
  expect(value).toEqual({
    passed: [1_234],
    shown: ['11/14/23, 10:13:21 PM', '11/14/23, 10:13:21 PM'],
    measured: 1_234,
    timerified: 1_234,
    began: 0,
  })
})
