import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boschlooExact } from '../../src/fleet/boschloo-exact.ts'
import { clopperPearson } from '../../src/fleet/clopper-pearson.ts'
import { fisherExact } from '../../src/fleet/fisher-exact.ts'
import { benjaminiHochberg } from '../../src/fleet/judge.ts'
import { permutationTest } from '../../src/fleet/permutation-test.ts'
import { quantile } from '../../src/fleet/quantile.ts'
import { upperBoundIndex } from '../../src/fleet/run-latency-p95.ts'

test('equals published values of Fisher’s exact test', () => {
  expect(fisherExact(3, 1, 1, 3)).toBeCloseTo(0.485714, 6)
  expect(fisherExact(10, 2, 3, 15)).toBeCloseTo(0.0005367, 7)
  expect(fisherExact(10, 2, 3, 15, 'greater')).toBeCloseTo(0.0004652, 7)
  expect(fisherExact(3, 0, 0, 3, 'greater')).toBeCloseTo(0.05, 12)
  expect(fisherExact(1, 0, 0, 20, 'greater')).toBeCloseTo(1 / 21, 12)
  expect(fisherExact(0, 0, 0, 0)).toBe(1)
})

test('adds up to one more than the table itself given both one-sided tests', () => {
  const count = fc.nat(30)
  fc.assert(
    fc.property(count, count, count, count, (a, b, c, d) => {
      const greater = fisherExact(a, b, c, d, 'greater')
      const less = fisherExact(a, b, c, d, 'less')
      expect(greater).toBeCloseTo(fisherExact(c, d, a, b, 'less'), 9)
      expect(greater + less).toBeGreaterThanOrEqual(1 - 1e-9)
      expect(fisherExact(a, b, c, d)).toBeGreaterThanOrEqual(Math.min(greater, less) - 1e-9)
    }),
  )
})

test('equals values of a reference implementation of Boschloo’s test', () => {
  expect(boschlooExact(3, 0, 0, 3)).toBeCloseTo(0.015625, 9)
  expect(boschlooExact(5, 5, 0, 10)).toBeCloseTo(0.0063896, 7)
  expect(boschlooExact(3, 2, 0, 5)).toBeCloseTo(0.030924, 6)
  expect(boschlooExact(1, 0, 0, 20)).toBeCloseTo(0.0179471, 7)
  expect(boschlooExact(2, 18, 0, 60)).toBeCloseTo(0.037683, 6)
  // The example of SciPy's documentation, whose groups are columns.
  expect(boschlooExact(74, 43, 31, 32)).toBeCloseTo(0.035564, 6)
})

test('is never less powerful than Fisher’s test given any table', () => {
  const table = fc
    .tuple(fc.nat(12), fc.nat(12), fc.nat(12), fc.nat(12))
    .filter(([a, b, c, d]) => a + b > 0 && c + d > 0)
  fc.assert(
    fc.property(table, ([a, b, c, d]) => {
      expect(boschlooExact(a, b, c, d)).toBeLessThanOrEqual(fisherExact(a, b, c, d, 'greater') + 1e-6)
    }),
    { numRuns: 40 },
  )
})

// Hahn and Meeker, Statistical Intervals (1991), table A.23b: one-sided 95 % upper bounds.
test.each([
  [0, 10, 0.2589],
  [1, 10, 0.3942],
  [2, 10, 0.5069],
  [0, 20, 0.1391],
  [1, 20, 0.2161],
  [1, 5, 0.6574],
  [2, 5, 0.8107],
])('equals the published upper bound given %i of %i', (failed, tried, bound) => {
  expect(clopperPearson(failed, tried, { sides: 'upper' }).upper).toBeCloseTo(bound, 4)
})

test('equals published Clopper–Pearson bounds', () => {
  const two = clopperPearson(8, 10)
  expect(two.lower).toBeCloseTo(0.4439, 5)
  expect(two.upper).toBeCloseTo(0.97479, 5)
  expect(clopperPearson(0, 20).lower).toBe(0)
  expect(clopperPearson(0, 20).upper).toBeCloseTo(0.16843, 5)
  expect(clopperPearson(20, 20)).toEqual({ lower: expect.closeTo(0.8315666, 6), upper: 1 })
  expect(clopperPearson(0, 0)).toEqual({ lower: 0, upper: 1 })
})

test('is 1 − α^(1/N) given no failure in N runs and one side', () => {
  for (const n of [1, 3, 5, 10, 14, 20, 29, 59, 100, 299]) {
    for (const confidence of [0.95, 0.99]) {
      expect(clopperPearson(0, n, { sides: 'upper', confidence }).upper).toBeCloseTo(1 - (1 - confidence) ** (1 / n), 9)
      expect(clopperPearson(n, n, { sides: 'lower', confidence }).lower).toBeCloseTo((1 - confidence) ** (1 / n), 9)
    }
  }
})

test('refuses numbers that are no counts', () => {
  const code = expect.objectContaining({ code: 'ERR_FLEET_COUNT' })
  for (const [k, n] of [
    [3, 2],
    [-1, 2],
    [0.5, 2],
    [Number.NaN, 2],
  ] as const)
    expect(() => clopperPearson(k, n)).toThrow(code)
  expect(() => fisherExact(1, 2, -1, 3)).toThrow(code)
})

test('interpolates between order statistics as type 7', () => {
  expect(quantile([], 0.5)).toBeNull()
  expect(quantile([7], 0.95)).toBe(7)
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBeCloseTo(9.55, 12)
  expect(quantile([10, 2], 1)).toBe(10)
})

test('has an upper bound on a 95th percentile from 59 values on', () => {
  expect(upperBoundIndex(58, 0.95, 0.95)).toBeNull()
  expect(upperBoundIndex(59, 0.95, 0.95)).toBe(58)
  expect(upperBoundIndex(93, 0.95, 0.95)).toBe(91)
  expect(upperBoundIndex(28, 0.9, 0.95)).toBeNull()
  expect(upperBoundIndex(29, 0.9, 0.95)).toBe(28)
})

const meanGap = (older: readonly number[], newer: readonly number[]) =>
  newer.reduce((a, b) => a + b, 0) / newer.length - older.reduce((a, b) => a + b, 0) / older.length

test('gives equal p-values given equal inputs, and other draws given others', () => {
  const older = [1, 2, 3, 4, 5, 6, 7, 8]
  const newer = [3, 4, 5, 6, 7, 8, 9, 10]

  const p = permutationTest(older, newer, meanGap)

  expect(permutationTest(older, newer, meanGap)).toBe(p)
  // Exact by full enumeration of the 12 870 splits: 969 have a mean gap of at least 2.
  expect(Math.abs(p - 969 / 12870)).toBeLessThan(0.025)
})

test('comes near the exact p-value by enumeration given small sides', () => {
  const exact = (older: number[], newer: number[]) => {
    const pool = [...older, ...newer]
    const seen = meanGap(older, newer)
    let [all, extreme] = [0, 0]
    for (let mask = 0; mask < 1 << pool.length; mask++) {
      const right = pool.filter((_, i) => (mask >> i) & 1)
      if (right.length !== newer.length) continue
      all++
      if (
        meanGap(
          pool.filter((_, i) => !((mask >> i) & 1)),
          right,
        ) >=
        seen - 1e-9
      )
        extreme++
    }
    return extreme / all
  }
  const side = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 5 })
  fc.assert(
    fc.property(side, side, (older, newer) => {
      // Five standard errors of 1999 draws at most: 5 × √(0.25 / 1999) = 0.056.
      expect(Math.abs(permutationTest(older, newer, meanGap) - exact(older, newer))).toBeLessThan(0.056)
    }),
    { numRuns: 30 },
  )
})

test('cannot be significant given sides that are equal, or statistics that are infinite', () => {
  expect(permutationTest([1, 1, 1], [1, 1, 1], meanGap)).toBe(1)
  expect(permutationTest([0, 0], [0, 1], (_, newer) => (newer.includes(1) ? Infinity : 1))).toBeGreaterThan(0.4)
})

test('rejects all up to the last p-value under its line, as Benjamini and Hochberg do', () => {
  expect(benjaminiHochberg([], 0.1)).toEqual([])
  expect(benjaminiHochberg([0.2, 0.3], 0.1)).toEqual([false, false])
  // Their own example of 15 p-values rejects four at 5 %.
  const ps = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  expect(benjaminiHochberg(ps, 0.05)).toEqual(ps.map((_, i) => i < 4))
  expect(benjaminiHochberg([0.04, 0.05], 0.05)).toEqual([true, true])
})
