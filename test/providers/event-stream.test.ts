import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from '../../src/core/crc32.ts'
import { EVENT_STREAM, mapEventStream } from '../../src/model/event-stream.ts'
import { type HttpAnswer, payloadBytes, toPayload } from '../../src/model/interaction.ts'
import { readEventStream, writeEvent } from '../../src/providers/event-stream.ts'
import { fieldOf } from '../../src/providers/wire.ts'
import { createRedactor } from '../../src/recording/redact/create-redactor.ts'
import { redactEntry } from '../../src/recording/redact/redact-entry.ts'
import { rawAnswer } from './wire-samples.ts'

/** A stream of some messages, cut into pieces of one size. */
function streamOf(messages: Buffer[], size: number): HttpAnswer {
  const bytes = Buffer.concat(messages)
  const chunks: HttpAnswer['chunks'] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push([at, toPayload(bytes.subarray(at, at + size))])
  return rawAnswer(chunks, EVENT_STREAM)
}

const bytesOf = ({ chunks }: Pick<HttpAnswer, 'chunks'>) => Buffer.concat(chunks.map(([, data]) => payloadBytes(data)))
const inEnvelope = (value: unknown) => ({ bytes: Buffer.from(JSON.stringify(value)).toString('base64') })

test('gives the checksum that others give, given any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    }),
  )
})

test('reads back every event with the time of its last byte, given any events cut anywhere', () => {
  const events = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.jsonValue()), { maxLength: 6 })
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 200 }), (list, size) => {
      const messages = list.map(([type, json]) => writeEvent(type, json))
      const read = readEventStream(streamOf(messages, size))
      expect(read.map(({ name, data }) => [name, data])).toEqual(
        list.map(([type, json]) => [type, JSON.stringify(json)]),
      )
      let end = 0
      for (const [index, message] of messages.entries()) {
        end += message.length
        expect(read[index]?.at_ms).toBe(Math.floor((end - 1) / size) * size)
      }
    }),
  )
})

test('ends at a damaged message, given any byte of it changed', () => {
  const messages = ['one', 'two', 'three'].map((type) => writeEvent(type, { text: type }))
  const [first, second, third] = messages as [Buffer, Buffer, Buffer]
  for (let at = 0; at < second.length; at++) {
    const damaged = Buffer.from(second)
    damaged[at] = (damaged[at] as number) ^ 0x10
    const read = readEventStream(streamOf([first, damaged, third], 1_000))
    expect(read.map(({ name, json }) => [name, json])).toEqual([
      ['one', { text: 'one' }],
      [null, undefined],
    ])
  }
})

test('leaves out a message that broke off, and never throws, given any bytes', () => {
  const message = writeEvent('one', { text: 'x' })
  for (let length = 0; length < message.length; length++) {
    expect(readEventStream(streamOf([message.subarray(0, length)], 7))).toEqual([])
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => readEventStream(streamOf([Buffer.from(bytes)], 50))).not.toThrow()
    }),
  )
})

test('keeps a stream sound, and all that does not change, given words of another length', () => {
  const messages = [
    writeEvent('contentBlockDelta', { delta: { text: 'the word is short' } }),
    writeEvent('chunk', inEnvelope({ completion: 'the word is short too' })),
    writeEvent('messageStop', { stopReason: 'end_turn' }),
  ]
  const torn = messages[0]?.subarray(0, 20) as Buffer
  const answer = streamOf([...messages, torn], 30)
  const chunks = mapEventStream(answer.chunks, (text) => text.replace('short', 'not so short at all'))
  const read = readEventStream({ ...answer, chunks })
  expect(read.map(({ json }) => json)).toEqual([
    { delta: { text: 'the word is not so short at all' } },
    inEnvelope({ completion: 'the word is not so short at all too' }),
    { stopReason: 'end_turn' },
  ])
  expect(bytesOf({ chunks }).subarray(-torn.length).equals(torn)).toBe(true)
  expect(mapEventStream(answer.chunks, (text) => text)).toBe(answer.chunks)
})

test('holds no secret and stays readable once it is recorded, given one in a stream, plain and in an envelope', () => {
  const secret = 'sk-proj-Zx81kQ0pLm3vTn7bYc2dRf5gHj9wXa4e'
  const answer = streamOf(
    [
      writeEvent('contentBlockDelta', { delta: { text: `use ${secret} now` } }),
      writeEvent('chunk', inEnvelope({ completion: `use ${secret} now` })),
      writeEvent('messageStop', { stopReason: 'end_turn' }),
    ],
    64,
  )
  const redactor = createRedactor({ salt: 'salt', env: {} })
  const end = { kind: 'complete' as const, offset_ms: 900 }
  const entry = redactEntry({ kind: 'result', result: { id: 'c1', answer, end } }, redactor)
  const redacted = (entry as { result: { answer: HttpAnswer } }).result.answer
  const [plain, wrapped, stop] = readEventStream(redacted)
  const inner = Buffer.from(String(fieldOf(wrapped?.json, 'bytes')), 'base64').toString()
  expect(bytesOf(redacted).toString('latin1')).not.toContain(secret)
  expect(inner).not.toContain(secret)
  expect(plain?.data).toMatch(/use \S+ now/)
  expect(inner).toMatch(/use \S+ now/)
  expect(stop?.json).toEqual({ stopReason: 'end_turn' })
})
