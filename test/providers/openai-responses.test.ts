import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { openaiResponses } from '../../src/providers/openai-responses.ts'
import { findProtocol } from '../../src/providers/registry.ts'
import { jsonAnswer, namedFrames, post, streamAnswer } from './wire-samples.ts'

const read = (body: JsonObject) => openaiResponses.readRequest(body, 'https://api.openai.com/v1/responses')

const BEGUN = { id: 'resp_1', object: 'response', model: 'gpt-5-2025', status: 'in_progress', output: [], error: null }
const CREATED: { type: string } = Object.assign({ type: 'response.created' }, { response: BEGUN })

test.each([
  ['a text', { model: 'm', input: 'Hi.' }],
  ['a list', { model: 'm', input: [] }],
  ['a stored prompt', { prompt: { id: 'pmpt_1' } }],
  ['the answer before', { model: 'm', previous_response_id: 'resp_1' }],
])('detects a request given %s', (_, body) => {
  expect(findProtocol(post('https://gateway.test/openai/v1/responses?api-version=preview', body))?.id).toBe(
    'openai-responses',
  )
})

test.each([
  ['another path', 'https://x.test/v1/responses/compact', { model: 'm', input: [] }],
  ['no input', 'https://x.test/v1/responses', { model: 'm' }],
])('detects nothing given %s', (_, url, body) => {
  expect(findProtocol(post(url, body))).toBeNull()
})

test('reads a conversation of items as messages given calls, results and what the provider did itself', () => {
  const { messages, tools, parameters, stream } = read({
    model: 'gpt-5',
    stream: true,
    instructions: 'Be brief.',
    input: [
      { role: 'developer', content: 'No jokes.' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Look.' }, { type: 'input_image' }] },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'search', arguments: '{"q":1}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'SELECT "a"' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'function_call_output', call_id: 'call_1', output: 'found' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'a' }] },
      { type: 'item_reference', id: 'msg_9' },
    ],
    tools: [
      { type: 'function', name: 'search' },
      { type: 'custom', name: 'sql' },
      { type: 'web_search' },
      { type: 'namespace', name: 'crm', tools: [{ type: 'function', name: 'lookup' }] },
    ],
    previous_response_id: 'resp_0',
    reasoning: { effort: 'low' },
  })
  expect(stream).toBe(true)
  expect(tools).toEqual(['search', 'sql', 'web_search', 'lookup'])
  expect(parameters).toEqual({ previous_response_id: 'resp_0', reasoning: { effort: 'low' } })
  expect(messages.map(({ role, text }) => [role, text])).toEqual([
    ['system', 'Be brief.'],
    ['developer', 'No jokes.'],
    ['user', 'Look.\n[input_image]'],
    ['assistant', 'I look.\n[web_search_call]'],
    ['tool', ''],
    ['tool', ''],
    ['assistant', '[item_reference]'],
  ])
  expect(messages[3]?.tool_calls).toEqual([
    { id: 'call_1', name: 'search', arguments: '{"q":1}' },
    { id: 'call_2', name: 'sql', arguments: '"SELECT \\"a\\""' },
  ])
  expect(messages.slice(4, 6).map(({ tool_results }) => tool_results)).toEqual([
    [{ call_id: 'call_1', name: null, text: 'found', is_error: false }],
    [{ call_id: 'call_2', name: null, text: 'a', is_error: false }],
  ])
})

test('leaves out the calls that the provider runs given an answer with tools of both kinds', () => {
  const output = [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
    { type: 'mcp_call', id: 'mcp_1', name: 'remote', arguments: '{}', server_label: 's' },
    { type: 'shell_call', call_id: 'call_3', environment: { type: 'container_reference' }, action: {} },
    { type: 'local_shell_call', id: 'ls_1', call_id: 'call_1', action: { type: 'exec', command: ['ls'] } },
    { type: 'computer_call', call_id: 'call_2', action: { type: 'screenshot' } },
  ]
  const answer = openaiResponses.readAnswer(jsonAnswer({ ...BEGUN, status: 'completed', output }))
  expect(answer.tool_calls.map(({ id, name, arguments: args }) => [id, name, args])).toEqual([
    ['call_1', 'local_shell', '{"type":"exec","command":["ls"]}'],
    ['call_2', 'computer', '{"type":"screenshot"}'],
  ])
  expect(answer).toMatchObject({ finish_reason: 'completed', finish: 'tool', error: null, complete: true })
})

test.each([
  ['completed', false],
  ['failed', true],
])('reads what came of a patch given the status %s', (status, is_error) => {
  const output = { type: 'apply_patch_call_output', call_id: 'call_1', status, output: 'no such file' }
  expect(read({ model: 'm', input: [output] }).messages[0]?.tool_results).toMatchObject([
    { call_id: 'call_1', text: 'no such file', is_error },
  ])
})

test('tells a search for tools that the agent runs from one that the provider runs', () => {
  const search = (execution: string) => {
    return { type: 'tool_search_call', call_id: 'call_1', execution, arguments: { queries: ['rates'] } }
  }
  const found = (execution: string) => {
    return { type: 'tool_search_output', call_id: 'call_1', execution, tools: [{ type: 'function', name: 'rate' }] }
  }
  const output = [search('server'), search('client')]
  const answer = openaiResponses.readAnswer(jsonAnswer({ ...BEGUN, status: 'completed', output }))
  expect(answer.tool_calls).toMatchObject([{ id: 'call_1', name: 'tool_search', arguments: '{"queries":["rates"]}' }])
  const { messages, tools } = read({ model: 'm', input: [...output, found('client'), found('server')] })
  expect(tools).toEqual(['rate', 'rate'])
  expect(messages.map(({ tool_results }) => tool_results.map(({ text }) => text))).toEqual([
    [],
    ['[{"type":"function","name":"rate"}]'],
    [],
  ])
})

test.each([
  [{ status: 'completed' }, 'completed', 'end'],
  [
    { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    'incomplete:max_output_tokens',
    'length',
  ],
  [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'incomplete:content_filter', 'filtered'],
  [{ status: 'cancelled' }, 'cancelled', 'other'],
  [{ status: 'queued' }, null, null],
])('tells why an answer ended given %j', (fields, finish_reason, finish) => {
  expect(openaiResponses.readAnswer(jsonAnswer({ ...BEGUN, ...fields }))).toMatchObject({ finish_reason, finish })
})

test('tells a refusal from text', () => {
  const content = [{ type: 'refusal', refusal: 'I cannot.' }]
  const output = [{ type: 'message', role: 'assistant', content }]
  const answer = openaiResponses.readAnswer(jsonAnswer({ ...BEGUN, status: 'completed', output }))
  expect(answer).toMatchObject({ text: '', refusal: 'I cannot.', finish: 'end' })
})

test('tells the error of a response that failed in the middle of a stream', () => {
  const error = { code: 'server_error', message: 'Broke.' }
  const answer = openaiResponses.readAnswer(
    streamAnswer(
      namedFrames([
        CREATED,
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'msg_1', delta: 'Half' },
        { type: 'response.failed', response: { ...BEGUN, status: 'failed', error } },
      ] as { type: string }[]),
    ),
  )
  expect(answer).toMatchObject({
    text: 'Half',
    error: { type: null, code: 'server_error', message: 'Broke.' },
    finish: 'error',
    finish_reason: 'failed',
    complete: true,
  })
})

test.each([
  [{ type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.', param: null }, 'rate_limit_exceeded'],
  [
    { type: 'error', error: { type: 'requests', code: 'rate_limit_exceeded', message: 'Slow down.' } },
    'rate_limit_exceeded',
  ],
])('tells the error that a stream ends in given %j', (event, code) => {
  const frames = namedFrames([CREATED, event])
  const answer = openaiResponses.readAnswer(streamAnswer(frames))
  expect(answer).toMatchObject({ error: { code, message: 'Slow down.' }, finish: 'error', complete: false })
})

test('keeps what came given a stream that broke off within a call', () => {
  const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'search', arguments: '' }
  const frames = namedFrames([
    CREATED,
    { type: 'response.output_item.added', output_index: 0, item } as { type: string },
    { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'fc_1', delta: '{"q":' } as {
      type: string
    },
  ])
  const answer = openaiResponses.readAnswer(streamAnswer(frames))
  expect(answer).toMatchObject({ complete: false, complete_ms: null, finish: null, id: 'resp_1' })
  expect(answer.tool_calls).toEqual([{ id: 'call_1', name: 'search', arguments: '{"q":', at_ms: 40 }])
})

test('is no answer given JSON without output, an empty body, or a stream with an event that is none', () => {
  const type = 'malformed_answer'
  expect(openaiResponses.readAnswer(jsonAnswer({ object: 'response' })).error?.type).toBe(type)
  expect(openaiResponses.readAnswer(jsonAnswer('')).error?.type).toBe(type)
  expect(openaiResponses.readAnswer(streamAnswer(['event: response.created\ndata: {"type":\n\n'])).error?.type).toBe(
    type,
  )
})

test('reads the value of a function given a response', () => {
  const value = { ...BEGUN, status: 'completed', output: [{ type: 'message', content: [{ text: 'Hi.' }] }] }
  expect(openaiResponses.readValue(value)).toMatchObject({ text: 'Hi.', complete: true })
  expect(openaiResponses.readValue({ object: 'response' })).toBeNull()
})
