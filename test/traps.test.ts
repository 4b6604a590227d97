import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const rows = readFileSync(join(ROOT, 'docs/traps.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))

test('each known trap of replays is named with a test that exists', () => {
  expect(rows.map((row) => Number(row.split('|')[1]))).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  for (const row of rows) {
    const named = [...(row.split('|')[4] ?? '').matchAll(/`([^`]+)`: \*([^*]+)\*/g)]
    expect(named.length, row).toBeGreaterThan(0)
    for (const [, file = '', name = ''] of named) {
      const tests = readFileSync(join(ROOT, file), 'utf8').matchAll(/^\s*(?:'|test\(['`]|\]\)\(['`])(.*)/gm)
      expect(
        [...tests].some(([, title = '']) => title.startsWith(name)),
        `${file}: ${name}`,
      ).toBe(true)
    }
  }
})
