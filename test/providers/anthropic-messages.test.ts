import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anthropicMessages } from '../../src/providers/anthropic-messages.ts'
import { findProtocol, readModelFunction, readModelRequest } from '../../src/providers/registry.ts'
import {
  ANTHROPIC_TOOL_JSON,
  ANTHROPIC_TOOL_STREAM,
  jsonAnswer,
  namedFrames,
  post,
  rawAnswer,
  streamAnswer,
} from './wire-samples.ts'

const BODY = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }

test.each([
  'https://api.anthropic.com/v1/messages',
  'https://api.anthropic.com/v1/messages?beta=true',
  'http://localhost:8080/gateway/anthropic/messages',
])('detects a request given the URL %s', (url) => {
  expect(findProtocol(post(url, BODY))?.id).toBe('anthropic-messages')
})

test('detects a request and its model given a Vertex AI address', () => {
  const url =
    'https://x.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4@1:streamRawPredict'
  const found = readModelRequest(post(url, { anthropic_version: 'vertex-2023-10-16', messages: [], max_tokens: 1 }))
  expect(found?.request.model).toBe('claude-opus-4@1')
})

test.each([
  ['the counting of tokens', post('https://api.anthropic.com/v1/messages/count_tokens', BODY)],
  ['a chat service with messages of its own', post('https://chat.test/v1/messages', { messages: [{ text: 'x' }] })],
])('detects nothing given %s', (_, request) => {
  expect(findProtocol(request)).toBeNull()
})

test('reads system prompt, messages, tool calls and results given a request', () => {
  const request = readModelRequest(
    post('https://api.anthropic.com/v1/messages', {
      ...BODY,
      stream: true,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: 'Look' },
        { role: 'assistant', content: ANTHROPIC_TOOL_JSON.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_01A', content: 'found' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_01B',
              is_error: true,
              content: [{ type: 'text', text: 'gone' }],
            },
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
      tools: [
        { name: 'search', input_schema: {} },
        { name: 'fetch', input_schema: {} },
      ],
    }),
  )?.request
  expect(request).toMatchObject({ stream: true, tools: ['search', 'fetch'], parameters: { max_tokens: 9 } })
  expect(request?.messages.map(({ role, text }) => [role, text])).toEqual([
    ['system', 'Be brief.'],
    ['user', 'Look'],
    ['assistant', 'Two look-ups.'],
    ['user', 'Go on.'],
  ])
  expect(request?.messages[2]?.tool_calls).toEqual([
    { id: 'toolu_01A', name: 'search', arguments: '{"q":"refund"}' },
    { id: 'toolu_01B', name: 'fetch', arguments: '{}' },
  ])
  expect(request?.messages[3]?.tool_results).toEqual([
    { call_id: 'toolu_01A', name: null, text: 'found', is_error: false },
    { call_id: 'toolu_01B', name: null, text: 'gone', is_error: true },
  ])
})

test('reads text, tool calls, finish and usage given a JSON answer', () => {
  expect(anthropicMessages.readAnswer(jsonAnswer(ANTHROPIC_TOOL_JSON))).toEqual({
    model: 'claude-sonnet-4-5',
    id: 'msg_01B',
    text: 'Two look-ups.',
    tool_calls: [
      { id: 'toolu_01A', name: 'search', arguments: '{"q":"refund"}', at_ms: 12 },
      { id: 'toolu_01B', name: 'fetch', arguments: '{}', at_ms: 12 },
    ],
    finish_reason: 'tool_use',
    finish: 'tool',
    usage: { input_tokens: 18, output_tokens: 6 },
    refusal: null,
    error: null,
    complete: true,
    complete_ms: 12,
  })
})

test('puts text and tool calls together given a stream', () => {
  const answer = anthropicMessages.readAnswer(streamAnswer(namedFrames(ANTHROPIC_TOOL_STREAM)))
  expect(answer).toMatchObject({
    id: 'msg_01A',
    text: 'Let me löok.',
    finish_reason: 'tool_use',
    finish: 'tool',
    usage: { input_tokens: 125, output_tokens: 42 },
    complete: true,
    complete_ms: 150,
  })
  expect(answer.tool_calls).toEqual([
    { id: 'toolu_01A', name: 'search', arguments: '{"q": "refund"}', at_ms: 120 },
    { id: 'toolu_01B', name: 'fetch', arguments: '{}', at_ms: 140 },
  ])
})

test('keeps what came and does not call it complete given a stream that broke off', () => {
  const frames = namedFrames(ANTHROPIC_TOOL_STREAM.slice(0, 9))
  const answer = anthropicMessages.readAnswer(streamAnswer([...frames, 'event: message_delta\ndata: {"type"']))
  expect(answer).toMatchObject({ text: 'Let me löok.', complete: false, finish: null, error: null })
  expect(answer.tool_calls[0]).toMatchObject({ name: 'search', arguments: '{"q": "ref' })
})

test('reads a stream to its end given one that closes as chat completions do', () => {
  const frames = [...namedFrames(ANTHROPIC_TOOL_STREAM), 'data: [DONE]\n\n']
  expect(anthropicMessages.readAnswer(streamAnswer(frames))).toEqual(
    anthropicMessages.readAnswer(streamAnswer(frames.slice(0, -1))),
  )
})

test('reads the error given one sent inside a stream of status 200', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  const answer = anthropicMessages.readAnswer(streamAnswer(namedFrames([...ANTHROPIC_TOOL_STREAM.slice(0, 4), error])))
  expect(answer).toMatchObject({
    error: { type: 'overloaded_error', message: 'Overloaded' },
    finish: 'error',
    complete: false,
  })
})

test('forgets the first part given a stream that starts over', () => {
  const events = ANTHROPIC_TOOL_STREAM
  const again = [...events.slice(0, 6), ...events.slice(-2)]
  const answer = anthropicMessages.readAnswer(streamAnswer(namedFrames([...events.slice(0, 9), ...again])))
  expect(answer).toMatchObject({ text: 'Let me löok.', tool_calls: [] })
})

test('reads the reason given a refusal', () => {
  const answer = anthropicMessages.readAnswer(
    jsonAnswer({ ...ANTHROPIC_TOOL_JSON, content: [], stop_reason: 'refusal', stop_details: { explanation: 'No.' } }),
  )
  expect(answer).toMatchObject({ finish: 'filtered', refusal: 'No.', error: null })
})

test.each([
  ['end_turn', 'end'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'end'],
  ['pause_turn', 'pause'],
  ['model_context_window_exceeded', 'length'],
  ['something_new', 'other'],
])('maps the stop reason %s to %s', (stop_reason, finish) => {
  expect(anthropicMessages.readAnswer(jsonAnswer({ ...ANTHROPIC_TOOL_JSON, stop_reason })).finish).toBe(finish)
})

test('leaves calls that the provider runs itself out', () => {
  const content = [{ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }]
  expect(anthropicMessages.readAnswer(jsonAnswer({ ...ANTHROPIC_TOOL_JSON, content })).tool_calls).toEqual([])
})

test.each([
  ['an empty body', jsonAnswer('')],
  ['a cut body', jsonAnswer('{"type":"mess')],
  ['a body without content', jsonAnswer({ type: 'message' })],
  ['an event that is not JSON', streamAnswer(['event: message_start\ndata: {"type"\n\n'])],
])('calls the answer malformed given %s', (_, answer) => {
  expect(anthropicMessages.readAnswer(answer).error?.type).toBe('malformed_answer')
})

test('never throws given arbitrary JSON as request, answer or event', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...ANTHROPIC_TOOL_STREAM.map((event) => event.type)), (value, type) => {
      const event = {
        type,
        message: value,
        content_block: value,
        delta: value,
        index: value,
        usage: value,
        error: value,
      }
      readModelRequest(
        post('https://x.test/messages', { ...BODY, messages: [value, { content: value }], tools: [value] }),
      )
      anthropicMessages.readAnswer(jsonAnswer({ content: [value], usage: value, error: value }))
      anthropicMessages.readAnswer(streamAnswer(namedFrames([...ANTHROPIC_TOOL_STREAM, event])))
    }),
  )
})

test('never throws given arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('text/event-stream', 'application/json', ''), (bytes, type) => {
      const payload = { base64: Buffer.from(bytes).toString('base64') }
      expect(anthropicMessages.readAnswer(rawAnswer([[1, payload]], type)).finish).not.toBe('end')
    }),
  )
})

test('reads a wrapped model function given bodies of the protocol', () => {
  const found = readModelFunction([BODY, { timeout: 1 }], ANTHROPIC_TOOL_JSON)
  expect(found?.request.model).toBe('claude-sonnet-4-5')
  expect(found?.answer.tool_calls).toHaveLength(2)
})

test.each([
  ['toolu_01A09q90qw90lq917835lq9', true],
  ['toolu_bdrk_01A09q90qw90lq917835lq9', true],
  ['msg_01XFDUDYJgAACzvnptvVoYEL', true],
  ['msg_of_the_day', false],
])('tells a generated id given %s', (value, expected) => {
  expect(anthropicMessages.generatedIdPattern.test(value)).toBe(expected)
})
