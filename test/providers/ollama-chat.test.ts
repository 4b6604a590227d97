import { expect, test } from 'vitest'
import type { Payload } from '../../src/model/interaction.ts'
import { ollamaChat } from '../../src/providers/ollama-chat.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { jsonAnswer, post, rawAnswer } from './wire-samples.ts'

const URL = 'http://127.0.0.1:11434/api/chat'
const call = { function: { name: 'search', arguments: { q: 'refund' } } }
const line = (message: object, more: object = {}) =>
  `${JSON.stringify({ model: 'llama3.2', created_at: '2026-01-01T00:00:00Z', message, done: false, ...more })}\n`
const END = { done: true, done_reason: 'stop', prompt_eval_count: 26, eval_count: 8 }

const LINES = [
  line({ role: 'assistant', content: '', thinking: 'Hm.' }),
  line({ role: 'assistant', content: 'Let me ' }),
  line({ role: 'assistant', content: 'löok.' }),
  line({ role: 'assistant', content: '', tool_calls: [call] }),
  line({ role: 'assistant', content: '' }, END),
]

/** Pieces of seven bytes, which split characters and lines. */
function inPieces(text: string) {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i): [number, Payload] => {
    return [i, { base64: bytes.subarray(7 * i, 7 * i + 7).toString('base64') }]
  })
  return rawAnswer(chunks, 'application/x-ndjson')
}

const ANSWER = {
  model: 'llama3.2',
  text: 'Let me löok.',
  finish_reason: 'stop',
  finish: 'tool',
  usage: { input_tokens: 26, output_tokens: 8 },
  error: null,
  complete: true,
}

test('reads a stream of lines, whatever pieces they come in', () => {
  const answer = ollamaChat.readAnswer(inPieces(LINES.join('')))
  expect(answer).toMatchObject(ANSWER)
  expect(answer.tool_calls).toMatchObject([{ id: null, name: 'search', arguments: '{"q":"refund"}' }])
  expect(answer.tool_calls[0]?.at_ms).toBeLessThan(answer.complete_ms ?? 0)
})

test('reads an answer in one piece', () => {
  const message = { role: 'assistant', content: 'Let me löok.', tool_calls: [call] }
  const answer = ollamaChat.readAnswer(jsonAnswer({ model: 'llama3.2', message, ...END }))
  expect(answer).toMatchObject({ ...ANSWER, complete_ms: 12 })
})

test('reads a request, which streams unless it is told not to', () => {
  const messages = [
    { role: 'user', content: 'Look.', images: ['aGk='] },
    { role: 'assistant', content: '', tool_calls: [call] },
    { role: 'tool', tool_name: 'search', content: 'found' },
  ]
  const body = { model: 'llama3.2', messages, tools: [{ type: 'function', function: { name: 'search' } }], think: true }
  const found = readModelRequest(post(URL, body))
  expect(found).toMatchObject({
    protocol: { id: 'ollama-chat' },
    request: { model: 'llama3.2', stream: true, tools: ['search'], parameters: { think: true } },
  })
  expect(found?.request.messages[0]?.text).toBe('Look.\n[image]')
  expect(found?.request.messages[2]?.tool_results).toEqual([
    { call_id: null, name: 'search', text: 'found', is_error: false },
  ])
  expect(readModelRequest(post(URL, { ...body, stream: false }))?.request.stream).toBe(false)
})

test.each([
  [
    'a stream that broke off',
    `${LINES.slice(0, 3).join('')}{"model":"ll`,
    { complete: false, finish: null, error: null },
  ],
  ['an error in a line', `${LINES[1]}{"error":"model runner has stopped"}\n`, { finish: 'error', complete: false }],
  ['a line that is not JSON', `${LINES[1]}oops\n`, { error: { type: 'malformed_answer' } }],
  ['JSON without a message', '{}', { error: { type: 'malformed_answer' } }],
])('says what is known given %s', (_, text, expected) => {
  expect(ollamaChat.readAnswer(inPieces(text))).toMatchObject(expected)
})

test('reads errors by status, an empty answer as malformed, and values of functions', () => {
  expect(ollamaChat.readAnswer(jsonAnswer({ error: 'model "none" not found' }, 404))).toMatchObject({
    error: { message: 'model "none" not found' },
    finish: 'error',
  })
  expect(ollamaChat.readAnswer(rawAnswer([], 'application/json')).error?.type).toBe('malformed_answer')
  const value = { model: 'llama3.2', message: { role: 'assistant', content: 'Hi.' }, ...END }
  expect(ollamaChat.readValue(value)).toMatchObject({ text: 'Hi.', finish: 'end', complete: true })
  expect(ollamaChat.readValue({ message: 'Hi.' })).toBeNull()
})
