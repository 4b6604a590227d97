import { expect, test } from 'vitest'
import { shareDifference } from '../../src/fleet/share-difference.ts'

// Newcombe 1998, table II, method 10.
test.each([
  [56, 70, 48, 80, 0.2, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.6, 0.1705, 0.809],
  [6, 7, 2, 7, 0.5714, 0.0582, 0.8062],
  [5, 56, 0, 29, 0.0893, -0.0381, 0.1926],
  [0, 10, 0, 20, 0, -0.1611, 0.2775],
  [10, 10, 0, 20, 1, 0.6791, 1],
])('is what the paper gives for %d of %d against %d of %d', (s, n, t, m, difference, low, high) => {
  const found = shareDifference({ successes: s, trials: n }, { successes: t, trials: m })
  expect(found.difference).toBeCloseTo(difference, 4)
  expect(found.low).toBeCloseTo(low, 4)
  expect(found.high).toBeCloseTo(high, 4)
})

test('changes its sign and nothing else given the two the other way round', () => {
  const there = shareDifference({ successes: 7, trials: 9 }, { successes: 1, trials: 12 })
  const back = shareDifference({ successes: 1, trials: 12 }, { successes: 7, trials: 9 })
  expect(back.difference).toBeCloseTo(-there.difference, 12)
  expect([back.low, back.high]).toEqual([expect.closeTo(-there.high, 12), expect.closeTo(-there.low, 12)])
})
