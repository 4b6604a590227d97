import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/core/canonical-json.ts'
import { hashJson, sha256 } from '../../src/core/hash.ts'
import type { JsonValue } from '../../src/core/json.ts'

test('canonical JSON equals that of the reference library given any JSON value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(canonicalJson(value as JsonValue)).toBe(canonicalize(value))
    }),
  )
})

test('keys come in string order given keys that look like numbers and keys beyond the basic plane', () => {
  const value = JSON.parse('{"10":1,"9":2,"b":3,"a":4,"\\ud83d\\ude00":5,"\\ufb33":6,"__proto__":7}') as JsonValue
  expect(canonicalJson(value)).toBe('{"10":1,"9":2,"__proto__":7,"a":4,"b":3,"😀":5,"\ufb33":6}')
})

test('numbers have their one ECMAScript form given extremes', () => {
  expect(canonicalJson([1e21, -0, 0.000001, 1e-7, 333333333.3333333, 4.5])).toBe(
    '[1e+21,0,0.000001,1e-7,333333333.3333333,4.5]',
  )
})

test('a lone surrogate is kept as an escape given text that models do emit', () => {
  expect(canonicalJson('a\ud800b')).toBe('"a\\ud800b"')
})

test('the hash is the same given another order of keys and differs given another value', () => {
  expect(hashJson({ a: 1, b: [2, { d: 3, c: 4 }] })).toBe(hashJson({ b: [2, { c: 4, d: 3 }], a: 1 }))
  expect(hashJson({ a: 1 })).not.toBe(hashJson({ a: '1' }))
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
