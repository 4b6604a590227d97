import { expect, test } from 'vitest'
import { runFixture } from './run-both.ts'

const WAITS: Record<string, number> = {
  'Date.now, 50 ms': 50,
  'Date.now, 30 s': 30_000,
  'performance.now, 10 min': 600_000,
  'hrtime, 5 s': 5_000,
  'new Date, 5 s': 5_000,
  'promises, 5 s': 5_000,
  'immediates, 5 s': 5_000,
  'a flag, asked for by immediates': 2_000,
  'a flag, asked for every 5 ms, and files read meanwhile': 2_000,
}

test('busy waiting ends after its time, to a thousandth, and always at the same moment given any way to do it', async () => {
  const first = await runFixture('busy', 'all')
  expect(first.end).toBe('done')
  const took = first.value as Record<string, number>
  expect(Object.keys(took)).toEqual(Object.keys(WAITS))
  for (const [name, ms] of Object.entries(WAITS)) {
    expect(took[name], name).toBeGreaterThanOrEqual(ms - 1)
    expect(took[name], name).toBeLessThanOrEqual(ms * 1.001 + 5)
  }
  const again = await Promise.all([runFixture('busy', 'all'), runFixture('busy', 'all')])
  for (const { value } of again) expect(value).toEqual(first.value)
}, 60_000)

test('the clock does not move given an agent that looks at it often and waits for nothing', async () => {
  expect((await runFixture('busy', 'looking')).value).toBe(100)
})
