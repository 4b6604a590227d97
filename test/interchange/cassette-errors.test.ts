import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRetrialError, type RetrialError } from '../../src/core/errors.ts'
import { decodeFile } from '../../src/interchange/decode-file.ts'
import { FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'

function refusal(name: string, text: string, skipBad = false): RetrialError {
  try {
    FOREIGN_FORMATS.find((format) => format.name === name)?.import(text, { path: 'bad', skipBad })
  } catch (error) {
    if (isRetrialError(error)) return error
    throw error
  }
  throw new Error('the file was not refused')
}

const request = '{method: GET, uri: "https://a.test/", body: null, headers: {}}'
const response = '{status: {code: 200, message: OK}, body: {string: x}, headers: {}}'
const entry = (parts: { request?: string; response?: string }) =>
  `- request: ${parts.request ?? request}\n  response: ${parts.response ?? response}\n`
const GOOD = `interactions:\n${entry({})}`

test.for([
  ['not indented as it should be', 'interactions:\n- request:\n    a: b\n   c: d\n', 4, 1],
  ['cut off within a quote', 'interactions:\n- request: {body: "abc', 2, 23],
  ['a tag of Python', 'interactions:\n- request: !!python/object:vcr.Request {}\n', 2, 12],
  ['an alias of nothing', 'interactions:\n- request: *gone\n', 2, 12],
  ['a key twice', 'interactions: []\ninteractions: []\n', 2, 1],
  ['a tag of Python as a key', 'interactions:\n- ? !!python/object/apply:istr [Accept]\n  : x\n', 2, 5],
  [
    'a name of a header that is made of two',
    'interactions:\n- ? !!python/object/apply:multidict._multidict.istr\n  - Accept\n  - x\n  : x\n',
    2,
    5,
  ],
  ['a name of a header as another object', 'interactions:\n- !!python/name:multidict._multidict.istr x\n', 2, 3],
  ['a second document', `${GOOD}---\n${GOOD}`, 4, 1],
] as const)('refuses YAML and says where: %s', ([, text, line, column]) => {
  expect(refusal('vcr', text)).toMatchObject({ code: 'ERR_INTERCHANGE_YAML', location: { path: 'bad', line, column } })
})

test('refuses aliases that multiply, lists without end and maps within maps, before they take memory', () => {
  const names = 'abcdefghijklmnop'.split('')
  const bomb = names.map((name, i) => {
    const before = names[i - 1]
    return `${name}: &${name} [${before === undefined ? 'x' : Array(20).fill(`*${before}`).join(', ')}]`
  })
  expect(refusal('vcr', `${bomb.join('\n')}\ninteractions: []\n`).code).toBe('ERR_INTERCHANGE_YAML')
  const deep = refusal('vcr', `interactions: ${'['.repeat(5000)}${']'.repeat(5000)}`)
  expect(deep.code).toBe('ERR_INTERCHANGE_YAML')
  expect(deep.message).toMatch(/nested/)
  expect(deep.message).not.toMatch(/regular expression/)
  expect(refusal('vcr', 'interactions: &a\n- *a\n').code).toBe('ERR_INTERCHANGE_YAML')
  expect(refusal('vcr', `interactions:\n${'- x\n'.repeat(8_500_000)}`).code).toBe('ERR_INTERCHANGE_TOO_LARGE')
})

test('takes headers that stand in a file once and are repeated by alias', () => {
  const format = FOREIGN_FORMATS.find(({ name }) => name === 'vcr')
  const headers = request.replace('{}', '&id001 {a: [b]}')
  const text = `interactions:\n${entry({ request: headers })}${entry({ request: request.replace('{}', '*id001') })}`
  const { interactions } = format?.import(text, { path: 'a' }) ?? { interactions: [] }
  expect(interactions.map((one) => one.request.headers)).toEqual([[['a', 'b']], [['a', 'b']]])
})

const bomb = gzipSync(Buffer.alloc(100_000_000)).toString('base64')

test.for([
  ['no mapping', '- 3\n', 'ERR_INTERCHANGE_ENTRY'],
  ['no response', `- request: ${request}\n`, 'ERR_INTERCHANGE_ENTRY'],
  ['no method', entry({ request: request.replace('GET', '[]') }), 'ERR_INTERCHANGE_ENTRY'],
  ['a path only', entry({ request: request.replace('https://a.test', '') }), 'ERR_INTERCHANGE_URL'],
  ['no status', entry({ response: response.replace('200', '"200"') }), 'ERR_INTERCHANGE_ENTRY'],
  ['an impossible status', entry({ response: response.replace('200', '999') }), 'ERR_INTERCHANGE_ENTRY'],
  ['a body of another type', entry({ response: response.replace('string: x', 'string: [x]') }), 'ERR_INTERCHANGE_BODY'],
  ['headers as text', entry({ response: response.replace('headers: {}', 'headers: x') }), 'ERR_INTERCHANGE_ENTRY'],
  ['a header within a header', entry({ request: request.replace('{}', '{a: [{b: c}]}') }), 'ERR_INTERCHANGE_ENTRY'],
  ['a header name with a space', entry({ request: request.replace('{}', '{"a b": [c]}') }), 'ERR_INTERCHANGE_ENTRY'],
  [
    'a body that unpacks without end',
    entry({
      response: response.replace('string: x', `string: !!binary ${bomb}`).replace('{}', '{content-encoding: [gzip]}'),
    }),
    'ERR_INTERCHANGE_BOMB',
  ],
] as const)('refuses an entry and says where it stands, or leaves it out: %s', ([, bad, code]) => {
  const text = `${GOOD}${bad}`
  const error = refusal('vcr', text)
  expect(error).toMatchObject({ code, location: { path: 'bad', line: 4, column: 3 } })
  expect(error.message).toContain('interactions[1]')
  const format = FOREIGN_FORMATS.find(({ name }) => name === 'vcr')
  const { interactions, notes, report } = format?.import(text, { path: 'a', skipBad: true }) ?? {}
  expect(interactions).toHaveLength(1)
  expect(notes?.map((note) => note.code)).toContain('skipped_entry')
  expect(report?.replayable).toBe(false)
})

test.for([
  ['vcr', 'a: b', 'ERR_INTERCHANGE_NOT_VCR'],
  ['vcr', '', 'ERR_INTERCHANGE_NOT_VCR'],
  ['vcr', 'messages: []', 'ERR_INTERCHANGE_NOT_VCR'],
  ['vcr', 'interactions:\n- request_sample: {}', 'ERR_INTERCHANGE_NOT_VCR'],
  ['go-vcr', 'version: 1\ninteractions:\n- request_sample: {}', 'ERR_INTERCHANGE_NOT_VCR'],
  ['vcr', '{"interactions": ', 'ERR_INTERCHANGE_JSON'],
  ['go-vcr', 'interactions: []', 'ERR_INTERCHANGE_NOT_VCR'],
  ['go-vcr', 'version: 9\ninteractions: []', 'ERR_INTERCHANGE_NOT_VCR'],
  [
    'go-vcr',
    'version: 2\ninteractions:\n- {request: {method: GET, url: "https://a/"}, response: {}}',
    'ERR_INTERCHANGE_ENTRY',
  ],
  ['nock', '{}', 'ERR_INTERCHANGE_NOT_NOCK'],
  ['nock', '[', 'ERR_INTERCHANGE_JSON'],
  ['nock', '[3]', 'ERR_INTERCHANGE_ENTRY'],
  ['nock', '[{"scope":"/regex/","method":"GET","path":"/"}]', 'ERR_INTERCHANGE_URL'],
  [
    'nock',
    '[{"scope":"https://a","method":"GET","path":"/","response":["zz"],"rawHeaders":{"content-encoding":"gzip"}}]',
    'ERR_INTERCHANGE_BODY',
  ],
  [
    'nock',
    `[{"scope":"https://a","method":"GET","path":"/","response":${'['.repeat(50_000)}${']'.repeat(50_000)}}]`,
    'ERR_INTERCHANGE_ENTRY',
  ],
  ['dd', '[]', 'ERR_INTERCHANGE_NOT_DD'],
  ['dd', '{"request":{},"response":{}}', 'ERR_INTERCHANGE_ENTRY'],
  [
    'dd',
    '{"request":{"method":"GET","url":"https://a"},"response":{"status":{"code":200},"body":"base64:%"}}',
    'ERR_INTERCHANGE_BODY',
  ],
  ['answers', '{"choices":[]}', 'ERR_INTERCHANGE_ANSWERS_ONLY'],
] as const)('refuses as %s: %.80s', ([name, text, code]) => {
  expect(refusal(name, text)).toMatchObject({ code, location: { path: 'bad' } })
})

test('refuses files that are no UTF-8 text, and says where', () => {
  const cases: [Buffer, number, number][] = [
    [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a', 'utf16le')]), 1, 1],
    [gzipSync('interactions: []'), 1, 1],
    [Buffer.from('a: 1\nb: Gr\xfc\xdfe\n', 'latin1'), 2, 6],
    [Buffer.concat([Buffer.from('ok\nGrüße'), Buffer.from([0xe2, 0x82])]), 2, 8],
  ]
  for (const [bytes, line, column] of cases) {
    expect(() => decodeFile(bytes, 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_INTERCHANGE_ENCODING', location: { path: 'x', line, column } }),
    )
  }
  expect(decodeFile(Buffer.from('\uFEFFGrüße'), 'x')).toBe('\uFEFFGrüße')
})

test('never breaks on a cassette that was cut, or changed in one place: it is read, or refused with its place', () => {
  const long = `interactions:\n${entry({})}${entry({ response: response.replace('string: x', 'string: !!binary eyJhIjoxfQ==') })}`
  const go = `version: 2\ninteractions:\n- request: {method: GET, url: "https://a/", body: ''}\n  response: {code: 200, body: x, duration: 1s}\n`
  const nock =
    '[{"scope":"https://a:443","method":"GET","path":"/","body":"","status":200,"response":{"a":[1]},"rawHeaders":["a","b"]}]'
  const dd =
    '{"request":{"method":"GET","url":"https://a","headers":{"a":"b"},"body":""},"response":{"status":{"code":200},"headers":{},"body":"x"}}'
  const all: [string, string][] = [
    ['vcr', long],
    ['go-vcr', go],
    ['nock', nock],
    ['dd', dd],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.nat(),
      fc.nat(),
      fc.string({ maxLength: 3 }),
      ([name, text], at, length, put) => {
        const start = at % text.length
        const changed = text.slice(0, start) + put + text.slice(start + (length % 20))
        try {
          FOREIGN_FORMATS.find((format) => format.name === name)?.import(changed, { path: 'x' })
        } catch (error) {
          if (!isRetrialError(error)) throw error
          expect(error.location?.path).toBe('x')
        }
      },
    ),
    { numRuns: 500 },
  )
})
