import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'

const SEED = '0123456789abcdef0123456789abcdef'

test('draws evenly from all 32-bit numbers given a seed', () => {
  const random = createRandom(SEED)
  const draws = Array.from({ length: 10_000 }, random)

  expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < 2 ** 32)).toBe(true)
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = draws.filter((draw) => Math.floor((draw / 2 ** 32) * 10) === tenth).length
    expect(Math.abs(share - 1000)).toBeLessThan(150)
  }
})

test('draws the same given the same seed, and something else given another', () => {
  const draw = (seed: string) => Array.from({ length: 10 }, createRandom(seed))
  expect(draw(SEED)).toEqual(draw(SEED))
  expect(draw(SEED)).not.toEqual(draw(SEED.replace('0', '1')))
})
