import { expect, test } from 'vitest'
import { openaiChat } from '../../src/providers/openai-chat.ts'
import { providerOfHost } from '../../src/providers/provider-of-host.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { dataFrames, jsonAnswer, post, rawAnswer, streamAnswer } from './wire-samples.ts'

const chunk = (delta: unknown, finish_reason: string | null = null, more: object = {}) => {
  return { id: 'x1', model: 'm-1', choices: [{ index: 0, delta, finish_reason }], ...more }
}

const body = (model?: string) => ({
  ...(model !== undefined && { model }),
  messages: [{ role: 'user', content: 'Hi.' }],
})

test.each([
  ['https://api.mistral.ai/v1/chat/completions', 'mistral_ai'],
  ['https://api.groq.com/openai/v1/chat/completions', 'groq'],
  ['https://openrouter.ai/api/v1/chat/completions', 'openrouter'],
  ['https://api.deepseek.com/chat/completions', 'deepseek'],
  ['https://api.x.ai/v1/chat/completions', 'x_ai'],
  [
    'https://mine.openai.azure.com/openai/deployments/gpt-5-nano/chat/completions?api-version=2024-10-21',
    'azure.ai.openai',
  ],
  ['https://mine.services.ai.azure.com/models/chat/completions', 'azure.ai.inference'],
  ['https://bedrock-mantle.us-east-1.api.aws/openai/v1/chat/completions', 'aws.bedrock'],
  ['http://localhost:11434/v1/chat/completions', 'ollama'],
  ['http://localhost:8000/v1/chat/completions', null],
  ['https://api.openai.com.evil.test/v1/chat/completions', null],
])('is chat completions given %s, of %s', (url, provider) => {
  expect(readModelRequest(post(url, body('m')))?.protocol.id).toBe('openai-chat')
  expect(providerOfHost(url)).toBe(provider)
})

test('reads the model off the path given a deployment on Azure', () => {
  const url = 'https://mine.openai.azure.com/openai/deployments/gpt-5-nano/chat/completions?api-version=1'
  expect(readModelRequest(post(url, body()))?.request.model).toBe('gpt-5-nano')
})

test('reads model, text and end given a stream of Azure, whose first event tells of its filters alone', () => {
  const filters = { id: '', model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
  const answer = openaiChat.readAnswer(
    streamAnswer(dataFrames([filters, chunk({ content: 'Hi.' }), chunk({}, 'stop')])),
  )
  expect(answer).toMatchObject({ id: 'x1', model: 'm-1', text: 'Hi.', finish: 'end', error: null, complete: true })
})

test('reads tokens given a stream of Groq, which tells them in a field of its own', () => {
  const usage = { prompt_tokens: 9, completion_tokens: 4 }
  const frames = [chunk({ content: 'Hi.' }), chunk({}, 'stop', { x_groq: { id: 'req_1', usage } })]
  expect(openaiChat.readAnswer(streamAnswer(dataFrames(frames)))).toMatchObject({
    usage: { input_tokens: 9, output_tokens: 4 },
    error: null,
  })
})

test.each([
  ['Groq, in its own field', { x_groq: { error: 'over capacity' } }],
  ['OpenRouter, in a choice', { choices: [{ index: 0, error: { code: 502, message: 'over capacity' } }] }],
  ['OpenRouter, beside the choices', { error: { code: 502, message: 'over capacity' }, choices: [] }],
  [
    'vLLM, without anything around it',
    { object: 'error', message: 'over capacity', type: 'BadRequestError', code: 400 },
  ],
])('reads an error inside a stream given %s', (_, event) => {
  const answer = openaiChat.readAnswer(streamAnswer(dataFrames([chunk({ content: 'Hi' }), event])))
  expect(answer).toMatchObject({ error: { message: 'over capacity' }, finish: 'error', text: 'Hi' })
})

test('passes over lines of comment given a stream of OpenRouter without a content type', () => {
  const frames = [': OPENROUTER PROCESSING\n\n', ...dataFrames([chunk({ content: 'Hi.' }), chunk({}, 'stop')])]
  const answer = openaiChat.readAnswer({ ...streamAnswer(frames), headers: [] })
  expect(answer).toMatchObject({ text: 'Hi.', complete: true, error: null })
})

test('keeps reasoning out of the text given the ways in which servers send it', () => {
  const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }
  const frames = [
    chunk({ content: [thinking] }),
    chunk({ reasoning_content: 'Hm.', content: null }),
    chunk({ reasoning: 'Hm.', content: '' }),
    chunk({ content: [{ type: 'text', text: 'H' }] }),
    chunk({ content: 'i.' }),
    chunk({}, 'stop'),
  ]
  expect(openaiChat.readAnswer(streamAnswer(dataFrames(frames))).text).toBe('Hi.')
  const message = { role: 'assistant', content: [thinking, { type: 'text', text: 'Hi.' }], reasoning_content: 'Hm.' }
  expect(openaiChat.readAnswer(jsonAnswer({ choices: [{ index: 0, message, finish_reason: 'stop' }] })).text).toBe(
    'Hi.',
  )
})

test('reads a call given arguments that come parsed, whole or as a stream', () => {
  const call = { id: 'D681PevKs', function: { name: 'search', arguments: { q: 1 } } }
  const choices = [{ index: 0, message: { tool_calls: [call] }, finish_reason: 'tool_calls' }]
  const expected = [{ id: 'D681PevKs', name: 'search', arguments: '{"q":1}' }]
  expect(openaiChat.readAnswer(jsonAnswer({ choices })).tool_calls).toMatchObject(expected)
  const frames = [chunk({ tool_calls: [{ index: 0, ...call }] }, 'tool_calls')]
  expect(openaiChat.readAnswer(streamAnswer(dataFrames(frames))).tool_calls).toMatchObject(expected)
})

test('reads events as they are given a server that calls them JSON', () => {
  const frames = dataFrames([chunk({ content: 'Hi.' }), chunk({}, 'stop')])
  const answer = openaiChat.readAnswer(rawAnswer([[20, { text: frames.join('') }]], 'application/json'))
  expect(answer).toMatchObject({ text: 'Hi.', finish: 'end', error: null, complete: true })
})

test.each([
  ['on one line', '{"error": {"message": "over capacity", "code": 503}}'],
  [
    'on several lines, after others of no event',
    'so long\n[{\n  "error": {\n    "message": "over capacity"\n  }\n}]\n',
  ],
])('reads an error given a stream that breaks off with one that is no event, %s', (_, text) => {
  const answer = openaiChat.readAnswer(streamAnswer([...dataFrames([chunk({ content: 'Hi' })]).slice(0, 1), text]))
  expect(answer).toMatchObject({ error: { message: 'over capacity' }, finish: 'error', text: 'Hi', complete: false })
})

test('reads a function given an empty custom tool beside it, whole or as a stream', () => {
  const custom = { name: '', input: '' }
  const call = { id: 't1', type: 'function', custom, function: { name: 'search', arguments: '{"q":1}' } }
  const choices = [{ index: 0, message: { tool_calls: [call] }, finish_reason: '' }]
  const expected = [{ id: 't1', name: 'search', arguments: '{"q":1}' }]
  const whole = openaiChat.readAnswer(jsonAnswer({ choices }))
  expect(whole).toMatchObject({ tool_calls: expected, finish_reason: null, finish: null })
  const pieces = [{ name: 'search', arguments: '{"q"' }, { arguments: ':1}' }]
  const frames = pieces.map((piece) => chunk({ tool_calls: [{ index: 0, id: 't1', custom, function: piece }] }, ''))
  const cut = openaiChat.readAnswer(streamAnswer(dataFrames(frames).slice(0, 2)))
  expect(cut).toMatchObject({ tool_calls: expected, complete: false })
})
