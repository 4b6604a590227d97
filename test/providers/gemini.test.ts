import { expect, test } from 'vitest'
import type { HttpAnswer } from '../../src/model/interaction.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { jsonAnswer, post, rawAnswer, streamAnswer } from './wire-samples.ts'

const URL_OF = (method: string) => `https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:${method}`
const HELLO = { contents: [{ role: 'user', parts: [{ text: 'Hi.' }] }] }

const read = (answer: HttpAnswer) => {
  const found = readModelRequest(post(URL_OF('generateContent'), HELLO))
  if (found === null) throw new Error('not detected')
  return found.protocol.readAnswer(answer)
}

test('reads what is asked, in both styles of names, given a conversation with tools', () => {
  const camel = {
    systemInstruction: { parts: [{ text: 'Be kind.' }] },
    contents: [
      { parts: [{ text: 'Look.' }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }] },
      {
        role: 'model',
        parts: [
          { text: 'Hm.', thought: true },
          { functionCall: { id: 'f1', name: 'search', args: { q: 'x' } }, thoughtSignature: 'c2VhbA==' },
          { functionCall: { name: 'now' } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'f1', name: 'search', response: { output: 'found' } } },
          { functionResponse: { name: 'now', response: { error: 'no clock' } } },
        ],
      },
    ],
    tools: [{ functionDeclarations: [{ name: 'search' }, { name: 'now' }] }, { googleSearch: {} }],
    generationConfig: { temperature: 0 },
  }
  const messages = [
    { role: 'system', text: 'Be kind.', tool_calls: [], tool_results: [] },
    { role: 'user', text: 'Look.\n[inlineData]', tool_calls: [], tool_results: [] },
    {
      role: 'model',
      text: '',
      tool_calls: [
        { id: 'f1', name: 'search', arguments: '{"q":"x"}' },
        { id: null, name: 'now', arguments: '{}' },
      ],
      tool_results: [],
    },
    {
      role: 'user',
      text: '',
      tool_calls: [],
      tool_results: [
        { call_id: 'f1', name: 'search', text: 'found', is_error: false },
        { call_id: null, name: 'now', text: 'no clock', is_error: true },
      ],
    },
  ]
  const found = readModelRequest(post(`${URL_OF('streamGenerateContent')}?alt=sse`, camel))
  expect(found?.protocol.id).toBe('gemini')
  expect(found?.request).toEqual({
    model: 'gemini-2.5-flash',
    stream: true,
    messages,
    tools: ['search', 'now'],
    parameters: { generationConfig: { temperature: 0 }, alt: 'sse' },
  })
  const snake = JSON.parse(
    JSON.stringify(camel)
      .replace('"systemInstruction"', '"system_instruction"')
      .replaceAll('"functionCall"', '"function_call"')
      .replaceAll('"functionResponse"', '"function_response"')
      .replace('"functionDeclarations"', '"function_declarations"'),
  )
  const vertex = 'https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google/models/g-1'
  const other = readModelRequest(post(`${vertex}:generateContent`, snake))
  expect(other?.request).toMatchObject({ model: 'g-1', stream: false, messages, tools: ['search', 'now'] })
})

const candidate = (parts: object[], finishReason?: string) => ({
  candidates: [
    { content: { role: 'model', parts }, ...(finishReason && { finishReason }), index: 0 },
    { content: { role: 'model', parts: [{ text: 'another' }] }, finishReason: 'STOP', index: 1 },
  ],
})

const WHOLE = {
  ...candidate(
    [
      { text: 'Hm.', thought: true },
      { text: 'Let me ' },
      { text: 'look.' },
      { functionCall: { name: 'search', args: { q: 1 } } },
    ],
    'STOP',
  ),
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, thoughtsTokenCount: 100, totalTokenCount: 112 },
  modelVersion: 'gemini-2.5-flash-001',
  responseId: 'Xpcwac3qI-GSmNAPkaHBkA4',
}

test('reads text without thoughts, tools, finish and usage, given a whole answer', () => {
  expect(read(jsonAnswer(WHOLE))).toEqual({
    model: 'gemini-2.5-flash-001',
    id: 'Xpcwac3qI-GSmNAPkaHBkA4',
    text: 'Let me look.',
    tool_calls: [{ id: null, name: 'search', arguments: '{"q":1}', at_ms: 12 }],
    finish_reason: 'STOP',
    finish: 'tool',
    usage: { input_tokens: 5, output_tokens: 107 },
    refusal: null,
    error: null,
    complete: true,
    complete_ms: 12,
  })
})

const EVENTS = [
  candidate([{ text: 'Let me {' }]),
  candidate([{ text: 'loo\\"k}].' }]),
  { ...candidate([{ functionCall: { name: 'search', args: {} } }], 'STOP'), usageMetadata: { promptTokenCount: 5 } },
]

test('reads the pieces with their times, given server-sent events', () => {
  expect(read(streamAnswer(EVENTS.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`)))).toMatchObject({
    text: 'Let me {loo\\"k}].',
    tool_calls: [{ name: 'search', at_ms: 40 }],
    finish: 'tool',
    complete: true,
    complete_ms: 40,
  })
})

test('reads the pieces with their times, given one JSON array cut anywhere', () => {
  const text = JSON.stringify(EVENTS, null, 1)
  for (let size = 1; size < text.length; size += 7) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) as string[]
    const chunks = pieces.map((piece, index): [number, { text: string }] => [index, { text: piece }])
    const end = pieces.length - 1 - (pieces.length > 1 && pieces.at(-1) === ']' ? 1 : 0)
    const answer = read(rawAnswer(chunks, 'application/json; charset=UTF-8'))
    expect(answer).toMatchObject({ text: 'Let me {loo\\"k}].', finish: 'tool', complete: true, error: null })
    expect(answer.complete_ms).toBeLessThanOrEqual(end)
    const cut = read(rawAnswer([[1, { text: text.slice(0, text.indexOf('loo')) }]], 'application/json'))
    expect(cut).toMatchObject({ text: 'Let me {', complete: false, finish: null, error: null })
  }
})

test.each([
  ['a blocked prompt', { promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'No.' } }, 'No.', 'SAFETY'],
  ['a blocked answer', candidate([], 'PROHIBITED_CONTENT'), null, 'PROHIBITED_CONTENT'],
])('reads that it was filtered given %s', (_name, body, refusal, finish_reason) => {
  expect(read(jsonAnswer(body))).toMatchObject({ finish: 'filtered', finish_reason, refusal, error: null })
})

test('reads errors by status, within a stream, and of an answer that is none', () => {
  const error = { error: { code: 429, message: 'Quota.', status: 'RESOURCE_EXHAUSTED' } }
  const expected = { type: 'RESOURCE_EXHAUSTED', code: '429', message: 'Quota.' }
  expect(read(jsonAnswer(error, 429)).error).toMatchObject({ code: '429', message: 'Quota.' })
  expect(read(jsonAnswer([error], 429)).error).toMatchObject({ message: 'Quota.' })
  const stream = streamAnswer(
    [candidate([{ text: 'So ' }]), error].map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`),
  )
  expect(read(stream)).toMatchObject({ text: 'So ', error: expected, finish: 'error', complete: false })
  const bare = streamAnswer([`data: ${JSON.stringify(candidate([{ text: 'So ' }]))}\r\n\r\n`, JSON.stringify(error)])
  expect(read(bare)).toMatchObject({ text: 'So ', error: expected, finish: 'error', complete: false })
  expect(read(jsonAnswer({ candidate: [] })).error?.type).toBe('malformed_answer')
  expect(read(jsonAnswer(candidate([{ functionCall: {} }], 'MALFORMED_FUNCTION_CALL'))).finish).toBe('error')
})
