import { expect, test } from 'vitest'
import { issuesOf, spoil } from './scenario-text.ts'

const codesOf = (text: string): string[] => [...new Set(issuesOf(text).map((issue) => issue.code))]

test('refuses aliases that multiply given a billion-laughs file', () => {
  const names = 'abcdefghij'
  const levels = [...names].map((name, i) => {
    const parts = i === 0 ? Array(9).fill('x') : Array(9).fill(`*${names[i - 1]}`)
    return `    ${name}: &${name} [${parts.join(', ')}]`
  })
  expect(codesOf(spoil('params: { tries: 2 }', `params:\n${levels.join('\n').replaceAll(/^/gm, '  ')}`))).toEqual([
    'ERR_SCENARIO_ALIAS',
  ])
})

test('refuses aliases that multiply given only a few of them', () => {
  const bomb = 'params: { a: &a [x, x], b: &b [*a, *a, *a, *a], c: &c [*b, *b, *b, *b], d: [*c, *c, *c, *c, *c] }'
  expect(codesOf(spoil('params: { tries: 2 }', bomb))).toEqual(['ERR_SCENARIO_ALIAS'])
})

test('refuses the 51st alias and takes 50 given plain aliases', () => {
  const aliases = (count: number) => `params: { a: &a x, b: [${Array(count).fill('*a').join(', ')}] }`
  expect(codesOf(spoil('params: { tries: 2 }', aliases(50)))).toEqual([])
  expect(codesOf(spoil('params: { tries: 2 }', aliases(51)))).toEqual(['ERR_SCENARIO_ALIAS'])
})

test('refuses thousands of merge keys given a file full of them', () => {
  const text = `a: &a { x: 1 }\n${'<<: *a\n'.repeat(20_000)}`
  expect(codesOf(text)).toContain('ERR_SCENARIO_KEY')
})

test.each([
  ['open brackets', '['.repeat(200_000)],
  ['closed brackets', `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['nested mappings', '{a: '.repeat(50_000)],
  ['nested list items', '- '.repeat(100_000)],
])('answers with a syntax error given 200 000 characters of %s', (_, text) => {
  expect(codesOf(text)).toEqual(['ERR_SCENARIO_SYNTAX'])
})

test('refuses a value nested deeper than 50 levels given one, and takes one that is not', () => {
  const nested = (depth: number) => spoil('owner: support', `input: ${'['.repeat(depth)}${']'.repeat(depth)}`)
  expect(codesOf(nested(49))).toEqual([])
  expect(codesOf(nested(60))).toEqual(['ERR_SCENARIO_DEPTH'])
})

test('reports at most ten syntax errors given a file of nothing else', () => {
  expect(issuesOf('] '.repeat(10_000))).toHaveLength(10)
})

test('finds one duplicate among thousands of keys given a large mapping', () => {
  const keys = Array.from({ length: 15_000 }, (_, i) => `k${i}: 1`)
  expect(codesOf(spoil('{ tries: 2 }', `{ ${keys.join(', ')}, k7: 2 }`))).toEqual(['ERR_SCENARIO_DUPLICATE_KEY'])
})
