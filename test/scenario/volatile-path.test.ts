import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseVolatilePath, type VolatileSegment } from '../../src/scenario/checks/volatile-path.ts'

test.each<[string, VolatileSegment[]]>([
  ['$.metadata.request_time', [{ key: 'metadata' }, { key: 'request_time' }]],
  ["$['a b']['c.d']", [{ key: 'a b' }, { key: 'c.d' }]],
  ['$["it\'s"]', [{ key: "it's" }]],
  ["$['it\\'s']", [{ key: "it's" }]],
  ['$.messages[0].content', [{ key: 'messages' }, { index: 0 }, { key: 'content' }]],
  ['$.messages[*].id', [{ key: 'messages' }, { any: true }, { key: 'id' }]],
  ['$.x-request-id', [{ key: 'x-request-id' }]],
  ['$[0].nonce', [{ index: 0 }, { key: 'nonce' }]],
])('takes a path into the body apart given %s', (text, segments) => {
  expect(parseVolatilePath(text)).toEqual({ in: 'body', segments })
})

test('takes the name of a query parameter given query.<name>', () => {
  expect(parseVolatilePath('query.nonce')).toEqual({ in: 'query', name: 'nonce' })
  expect(parseVolatilePath('query.a.b')).toEqual({ in: 'query', name: 'a.b' })
})

test('takes the name of a header in lower case given header.<name>', () => {
  expect(parseVolatilePath('header.Anthropic-Version')).toEqual({ in: 'header', name: 'anthropic-version' })
})

test.each([
  '',
  'nonce',
  'query.',
  'header.',
  'header.a b',
  '$..nonce',
  '$.a..b',
  '$.',
  '$.*',
  '$.a[',
  '$.a[-1]',
  '$.a[01]',
  '$.a[0:2]',
  '$.a[?(@.b)]',
  "$['']",
  "$['a]",
  '$.a b',
  '$a',
])('refuses a path given %j', (text) => {
  expect(parseVolatilePath(text)).toHaveProperty('hint')
})

test.each(['$', '$[*]', '$.messages', '$.messages[*]', '$.messages[*].content', "$['tools']", '$.model', '$.input'])(
  'refuses a path that ignores the whole question given %s',
  (text) => {
    expect(parseVolatilePath(text)).toHaveProperty('hint')
  },
)

test('gives back every key given one in quotes', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom("'", '"'), (key, mark) => {
      const escaped = key.replace(/[\\'"]/g, (char) => (char === mark || char === '\\' ? `\\${char}` : char))
      // A key of two dots looks like a descendant step, and is refused rather than guessed at.
      fc.pre(!key.includes('..'))
      expect(parseVolatilePath(`$.a[${mark}${escaped}${mark}]`)).toEqual({
        in: 'body',
        segments: [{ key: 'a' }, { key }],
      })
    }),
  )
})
