import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeValue } from '../../src/recording/encode-value.ts'
import { MAX_NESTING } from '../../src/recording/format.ts'
import { anyJson } from './support/arbitraries.ts'

test('gives back the value, without loss, given any JSON', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      expect(encodeValue(value)).toEqual({ value, lossy: false })
      expect(JSON.stringify(encodeValue(value).value)).toBe(JSON.stringify(value))
    }),
  )
})

test('never throws, and ends in JSON that comes back equal, given anything', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  })
  fc.assert(
    fc.property(anything, (value) => {
      const { value: encoded } = encodeValue(value)
      expect(JSON.parse(JSON.stringify(encoded))).toEqual(encoded)
    }),
    { numRuns: 2000 },
  )
})

class Point {
  x = 1
}
const cyclic: { self?: unknown; list: unknown[] } = { list: [] }
cyclic.self = cyclic
cyclic.list.push(cyclic)

test.for([
  ['a bigint', 12n, { $type: 'bigint', value: '12' }],
  ['NaN', Number.NaN, { $type: 'number', value: 'NaN' }],
  ['infinity', [Number.NEGATIVE_INFINITY], [{ $type: 'number', value: '-Infinity' }]],
  ['negative zero', -0, { $type: 'number', value: '-0' }],
  ['undefined in a list', [undefined], [{ $type: 'undefined' }]],
  ['a hole in a list', new Array(1), [{ $type: 'undefined' }]],
  ['a function', function name() {}, { $type: 'function', value: 'name' }],
  ['a symbol', Symbol('s'), { $type: 'symbol', value: 'Symbol(s)' }],
  ['a date', new Date(0), { $type: 'Date', value: '1970-01-01T00:00:00.000Z' }],
  ['no date', new Date(Number.NaN), { $type: 'Date', value: null }],
  ['a map', new Map([['k', 1]]), { $type: 'Map', value: [['k', 1]] }],
  ['a set', new Set([1]), { $type: 'Set', value: [1] }],
  ['a pattern', /a/g, { $type: 'RegExp', value: '/a/g' }],
  ['a URL', new URL('https://a.test/'), { $type: 'URL', value: 'https://a.test/' }],
  ['headers', new Headers({ A: 'b' }), { $type: 'Headers', value: [['a', 'b']] }],
  ['bytes', Buffer.from('hi'), { $type: 'Buffer', base64: 'aGk=' }],
  [
    'an error',
    Object.assign(new TypeError('m'), { code: 'E' }),
    { $type: 'Error', name: 'TypeError', message: 'm', code: 'E' },
  ],
  ['an instance of a class', new Point(), { $type: 'Point', fields: { x: 1 } }],
  ['cycles', cyclic, { list: [{ $type: 'cycle' }], self: { $type: 'cycle' } }],
] as const)('keeps what it can and says that it is lossy given %s', ([, value, expected]) => {
  expect(encodeValue(value)).toEqual({ value: expected, lossy: true })
})

test('counts no loss given missing fields, a value used twice, or objects of another realm', () => {
  const shared = { a: 1 }
  expect(encodeValue({ x: shared, y: shared, z: undefined })).toEqual({
    value: { x: { a: 1 }, y: { a: 1 } },
    lossy: false,
  })
  expect(encodeValue(undefined)).toEqual({ value: null, lossy: false })
  expect(encodeValue(Object.assign(Object.create(null), { a: 1 }))).toEqual({ value: { a: 1 }, lossy: false })
  expect(encodeValue(runInNewContext('({ a: [1, { b: 2 }] })'))).toEqual({ value: { a: [1, { b: 2 }] }, lossy: false })
})

test('keeps the rest given members and objects that throw', () => {
  const hostile = {
    fine: 1,
    get thrown() {
      throw new Error('no')
    },
    proxy: new Proxy(
      {},
      {
        ownKeys: () => [][0] as never,
        getPrototypeOf: () => {
          throw new Error('trap')
        },
      },
    ),
    noName: Object.defineProperty(() => {}, 'name', {
      get: () => {
        throw new Error('name')
      },
    }),
    toJSON() {
      throw new Error('toJSON')
    },
  }
  const { value, lossy } = encodeValue(hostile)
  expect(lossy).toBe(true)
  expect(value).toMatchObject({
    fine: 1,
    thrown: { $type: 'thrown', message: 'no' },
    proxy: { $type: 'unreadable', message: 'trap' },
  })
})

test('stays small and shallow enough to be read back given a value that is not', () => {
  const bomb = Array.from({ length: 30 }).reduce<unknown>((inner) => [inner, inner], 'x'.repeat(100))
  expect(JSON.stringify(encodeValue(bomb).value).length).toBeLessThan(64 * 1024 * 1024)
  expect(encodeValue(bomb).lossy).toBe(true)
  let deep: unknown = 1
  for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? new Map([[1, deep]]) : Object.assign(new Point(), { deep })
  const text = JSON.stringify(encodeValue(deep).value)
  let depth = 0
  let deepest = 0
  for (const char of text) {
    if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth)
    else if (char === '}' || char === ']') depth--
  }
  expect(deepest).toBeLessThan(MAX_NESTING)
})
