import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Payload } from '../../src/model/interaction.ts'
import { createRedactor } from '../../src/recording/redact/create-redactor.ts'
import { anyJson } from './support/arbitraries.ts'
import { anyKey, anyPassword } from './support/secrets.ts'

const SALT = '00112233445566778899aabbccddeeff'
const redactor = () => createRedactor({ salt: SALT })

/** Where secrets occur: a text with one in it. */
const PLACES: ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `The key is ${secret}, keep it.`,
  (secret) => `OPENAI_API_KEY=${secret}\nPORT=1`,
  (secret) => JSON.stringify({ a: [{ password: secret }] }),
  (secret) => JSON.stringify({ arguments: JSON.stringify({ text: `"${secret}"\n`, api_key: secret }) }),
  (secret) => JSON.stringify({ [secret]: 1, b: 'Grüße' }),
  (secret) => `https://u:${encodeURIComponent(secret)}@h.test/p?token=${encodeURIComponent(secret)}&x=1`,
  (secret) => `data: {"delta":{"content":"${secret}"}}\n\ndata: [DONE]\n\n`,
  (secret) => JSON.stringify({ data: Buffer.from(`{"password":"${secret}","more":"text"}`).toString('base64') }),
]
/** Places that give a secret away by themselves. */
const TELLING = [2, 3, 4, 8]
const secretText = fc.oneof(
  fc.tuple(anyKey, fc.constantFrom(...PLACES)).map(([secret, place]) => ({ secret, text: place(secret) })),
  fc
    .tuple(anyPassword, fc.constantFrom(...TELLING))
    .map(([secret, place]) => ({ secret, text: (PLACES[place] as (secret: string) => string)(secret) })),
)

test('changes nothing the second time given any text with or without secrets', () => {
  const text = fc.oneof(
    fc
      .array(
        fc.oneof(
          secretText.map((one) => one.text),
          fc.string(),
          anyJson.map((value) => JSON.stringify(value)),
        ),
      )
      .map((parts) => parts.join(' ')),
    fc.array(secretText.map((one) => one.text)).map((parts) => parts.join('\n')),
  )
  fc.assert(
    fc.property(text, (value) => {
      const one = redactor()
      const once = one.text(value)
      expect(one.text(once)).toBe(once)
      expect(redactor().text(once)).toBe(once)
    }),
    { numRuns: 1000 },
  )
})

test('leaves no trace of a secret, and the same token in every place, given any', () => {
  fc.assert(
    fc.property(secretText, ({ secret, text }) => {
      const one = redactor()
      const redacted = one.text(text)
      const decoded = [redacted, ...redacted.split('"').map((part) => Buffer.from(part, 'base64').toString('latin1'))]
      for (const view of decoded) expect(view).not.toContain(secret)
      // It was learned: now it is found without what gave it away.
      expect(one.text(`x ${secret} y`)).toBe(`x ${redactor().secret(secret)} y`)
    }),
    { numRuns: 1000 },
  )
})

test('keeps valid JSON valid, and all of it but strings as it was, given any JSON with secrets', () => {
  fc.assert(
    fc.property(anyJson, anyKey, (value, key) => {
      const withSecret = JSON.stringify({ value, list: [key, { deep: `x ${key}` }] })
      const redacted = redactor().text(withSecret)
      expect(redacted).not.toContain(key)
      const token = redactor().text(key)
      expect(JSON.parse(redacted)).toEqual({ value, list: [token, { deep: `x ${token}` }] })
    }),
    { numRuns: 500 },
  )
})

const asChunks = (parts: string[]): [number, Payload][] => parts.map((text, i) => [i, { text }])
const joinChunks = (chunks: [number, Payload][]) => chunks.map(([, data]) => ('text' in data ? data.text : '')).join('')

test('finds a secret cut at every place of a stream, with as many chunks as before', () => {
  for (const { secret, text } of fc.sample(secretText, 60)) {
    const whole = redactor().text(text)
    expect(whole).not.toContain(secret)
    for (let at = 0; at <= text.length; at++) {
      const chunks = redactor().chunks(asChunks([text.slice(0, at), text.slice(at)]))
      expect(chunks).toHaveLength(2)
      expect(joinChunks(chunks)).toBe(whole)
    }
    const letters = redactor().chunks(asChunks([...text]))
    expect(letters.map(([offset]) => offset)).toEqual([...text].map((_, i) => i))
    expect(joinChunks(letters)).toBe(whole)
  }
})

test('finds a secret cut within characters, and next to bytes that are no text', () => {
  const [key = ''] = fc.sample(anyKey, 1)
  const token = redactor().text(key)
  const bytes = Buffer.from(`é€ ${key} 漢字`)
  for (let at = 0; at <= bytes.length; at++) {
    const parts = [bytes.subarray(0, at), bytes.subarray(at)]
    const chunks = redactor().chunks(parts.map((part, i) => [i, { base64: part.toString('base64') }]))
    const joined = Buffer.concat(
      chunks.map(([, data]) =>
        Buffer.from('text' in data ? data.text : data.base64, 'text' in data ? 'utf8' : 'base64'),
      ),
    )
    expect(joined.toString('utf8')).toBe(`é€ ${token} 漢字`)
  }
  const binary = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from(` ${key} `), Buffer.from([0x80, 0x81])])
  const payload = redactor().payload({ base64: binary.toString('base64') })
  expect('base64' in payload && Buffer.from(payload.base64, 'base64').toString('latin1')).toBe(
    binary.toString('latin1').replace(key, token),
  )
})

/** An event of a stream in the way of each provider, with a piece of a text. */
const EVENTS: Record<string, (piece: string, i: number) => string> = {
  'chat completions': (piece) =>
    `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: piece } }] })}\n\n`,
  'tool arguments': (piece, i) =>
    `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index: 0, ...(i === 0 && { id: 'call_1', type: 'function' }), function: { arguments: piece } }] } }] })}\n\n`,
  responses: (piece) =>
    `event: e\ndata: ${JSON.stringify({ type: 'response.output_text.delta', item_id: 'm', output_index: 0, delta: piece })}\n\n`,
  messages: (piece) =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: piece } })}\n\n`,
  generate: (piece) =>
    `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text: piece }], role: 'model' } }] })}\r\n\r\n`,
  'lines of JSON': (piece) => `${JSON.stringify({ model: 'm', message: { content: piece }, done: false })}\n`,
}

test.for(Object.entries(EVENTS))('finds a secret in pieces over the events of %s', ([, event]) => {
  const texts = fc
    .tuple(anyKey, anyPassword)
    .map(([key, password]) => [`Use ${key} "now"`, JSON.stringify({ host: 'h', password, key })])
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 9 }), ([prose = '', json = ''], size) => {
      for (const text of [prose, json]) {
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
        // Another text of the stream comes between the pieces of this one.
        const chunks = redactor().chunks(asChunks(pieces.map(event)))
        expect(chunks).toHaveLength(pieces.length)
        const back = chunks.map(([, data]) => {
          const line = ('text' in data ? data.text : '').split('\n').find((part) => part.includes('{')) as string
          return JSON.stringify(JSON.parse(line.replace(/^data: /, '')))
        })
        const again = redactor().text(text)
        const joined = pieces.map((_, i) => pieceOf(back[i] as string)).join('')
        expect(joined).toBe(again)
        expect(again).not.toBe(text)
      }
    }),
    { numRuns: 60 },
  )
})

/** The piece of text that an event carries: its only string under one of these names. */
function pieceOf(event: string): string {
  let piece = ''
  JSON.parse(event, (key, value) => {
    if (['content', 'arguments', 'delta', 'partial_json', 'text'].includes(key) && typeof value === 'string')
      piece = value
    return value
  })
  return piece
}

test('keeps the texts of parallel parts of a stream apart', () => {
  const [first = '', second = ''] = fc.sample(anyKey, 2)
  const event = (index: number, piece: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content: piece }, index }] })}\n\n`
  const half = (text: string) => [text.slice(0, 9), text.slice(9)] as const
  const [a1, a2] = half(first)
  const [b1, b2] = half(second)
  const chunks = redactor().chunks(asChunks([event(0, a1), event(1, b1), event(0, a2), event(1, b2)]))
  const one = redactor()
  expect(chunks.map(([, data]) => ('text' in data ? data.text : ''))).toEqual([
    event(0, one.text(first)),
    event(1, one.text(second)),
    event(0, ''),
    event(1, ''),
  ])
})

test('gives the same text for a body that repeats a history as for the body alone', () => {
  const message = fc
    .oneof(
      fc.string({ maxLength: 40 }),
      anyKey,
      secretText.map(({ text }) => text),
    )
    .map((text) => `${text} ${'and so on '.repeat(30)}`)
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 30, maxLength: 40 }),
      fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 6 }),
      (pool, lengths) => {
        const one = redactor()
        for (const text of pool) one.text(text)
        for (const length of lengths) {
          const body = JSON.stringify({
            model: 'm',
            messages: pool.slice(0, length).map((content) => ({ role: 'user', content })),
            tools: [{ a: 1 }],
          })
          const other = redactor()
          for (const text of pool) other.text(text)
          expect(one.text(body)).toBe(other.text(body))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('searches a history again given a secret in it was recognised since', () => {
  const one = redactor()
  const [secret = ''] = fc.sample(anyPassword, 1)
  const messages = Array.from({ length: 30 }, (_, i) => ({
    role: 'user',
    content: `${i} ${secret} ${'and so on '.repeat(40)}`,
  }))
  const body = (length: number) => JSON.stringify({ model: 'm', messages: messages.slice(0, length) })
  expect(one.text(body(28))).toContain(secret)
  one.json({ password: secret })
  expect(one.text(body(29))).not.toContain(secret)
  expect(one.text(body(30))).not.toContain(secret)
})
