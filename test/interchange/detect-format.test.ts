import { expect, test } from 'vitest'
import { detectFormat, FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import { buildEntry, buildHar } from './build-har.ts'

test('tells a HAR, compact or indented, with a byte order mark or without', () => {
  const har = buildHar(buildEntry())
  expect(detectFormat(har)).toBe('har')
  expect(detectFormat(`\uFEFF${JSON.stringify(JSON.parse(har), null, 2)}`)).toBe('har')
})

test.each([
  ['vcr', "interactions:\n- request:\n    body: ''\n    uri: https://a.test/\n"],
  ['go-vcr', '---\nversion: 2\ninteractions: []\n'],
])('tells a cassette of %s with a byte order mark', (name, text) => {
  expect(detectFormat(text)).toBe(name)
  expect(detectFormat(`\uFEFF${text}`)).toBe(name)
})

test('tells a recording by its first line, even one that quotes a HAR', () => {
  expect(detectFormat('{"type":"header","format":"retrial/1","run":{}}\n{"log":{"entries":[]}}\n')).toBe('retrial')
  expect(detectFormat('{"format": "retrial/1"}')).toBe('retrial')
})

test.for(['', '   ', 'hello', '[]', '{}', '{"log":"x"}', '{"entries":[]}', '- {log: {entries: []}}'])(
  'tells neither given %j',
  (text) => expect(detectFormat(text)).toBe('unknown'),
)

test('names every format once', () => {
  const names = FOREIGN_FORMATS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
