import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../src/core/json.ts'
import { locateJsonError } from '../../src/interchange/locate-json-error.ts'

test.for([
  ['', 1, 1],
  ['nul', 1, 1],
  ['[1 2]', 1, 4],
  ['{"a" 1}', 1, 6],
  ['{"a":1,}', 1, 8],
  ['[1,]', 1, 4],
  ['{]', 1, 2],
  ['[}', 1, 2],
  ['1 2', 1, 3],
  ['{1:2}', 1, 2],
  ['["a\\q"]', 1, 4],
  ['["a\\u00g0"]', 1, 4],
  ['[01]', 1, 3],
  ['[1.]', 1, 3],
  ['"abc', 1, 5],
  ['[\n1,\n  x\n]', 3, 3],
  ['{"a":\n', 2, 1],
] as const)('points at the first place that is not JSON: %j', ([text, line, column]) => {
  expect(parseJson(text)).toBeUndefined()
  expect(locateJsonError(text)).toEqual({ line, column })
})

test('points at the place that the engine names, or to the start of the token there, given broken JSON', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '}', ']', ',', ':', '"', 'x', '\n', '{', '[', '1'))
    .map(([json, at, insert]) => {
      const cut = at % (json.length + 1)
      return insert === '' ? json.slice(0, cut) : json.slice(0, cut) + insert + json.slice(cut)
    })
  fc.assert(
    fc.property(broken, (text) => {
      const named = engineError(text)
      if (named === null) return
      const { line, column } = locateJsonError(text)
      const before = text.split('\n').slice(0, line - 1)
      const offset = before.reduce((sum, part) => sum + part.length + 1, column - 1)
      expect(offset).toBeLessThanOrEqual(text.length)
      if (named === 'nowhere') return
      expect(offset).toBeLessThanOrEqual(named)
      // The longest token part behind the start of a token that is bad: \u and three digits.
      expect(offset).toBeGreaterThanOrEqual(named - 5)
    }),
    { numRuns: 1000 },
  )
})

/** The offset in the engine's message; null for valid JSON. */
function engineError(text: string): number | 'nowhere' | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1]
    return position === undefined ? 'nowhere' : Number(position)
  }
}
