import { expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { errorInStream } from '../../src/replay/faults/body-faults.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { http, recordingOf } from './build-recording.ts'
import { outline, spanOf } from './read-trace.ts'

const RESPONSES = 'https://api.openai.com/v1/responses'
const question = { role: 'user', content: 'Which refund policy?' }
const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'search', arguments: '{"q":"refund"}' }
const result = { type: 'function_call_output', call_id: 'call_1', output: '30 days' }
const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Within 30 days.' }] }

function responses(id: string, at: number, input: unknown[], output: unknown[], url = RESPONSES): HttpInteraction {
  const usage = { input_tokens: 10, output_tokens: 5 }
  const answer = { id: `resp_${id}`, object: 'response', status: 'completed', model: 'gpt-5-2025', output, usage }
  const body = { model: 'gpt-5', input, tools: [{ type: 'function', name: 'search' }] }
  return http(id, url, { at, took: 100, method: 'POST', body, answer })
}

test('reads steps, tools and results given a run over responses', () => {
  const trace = projectRun(
    recordingOf([
      responses('c1', 0, [question], [call]),
      http('c2', 'https://docs.test/search?q=refund', { at: 150 }),
      responses('c3', 200, [question, call, result], [said]),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'gpt-5', null],
    ['c1.1', null, 'tool_call', 'search', null],
    ['c2', 'c1.1', 'http_request', 'GET docs.test/search', null],
    ['c3', null, 'llm_generate', 'gpt-5', null],
  ])
  expect(spanOf(trace, 'c1.1').attributes).toMatchObject({
    'gen_ai.tool.call.arguments': '{"q":"refund"}',
    'gen_ai.tool.call.result': '30 days',
  })
  expect(spanOf(trace, 'c3').attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.response.finish_reasons': ['completed'],
    'gen_ai.usage.input_tokens': 10,
    'retrial.answer.text': 'Within 30 days.',
  })
})

test('names the provider by the host given a server that speaks the protocol of another', () => {
  const url = 'https://mine.openai.azure.com/openai/v1/responses'
  const trace = projectRun(recordingOf([responses('c1', 0, [question], [said], url)]))
  expect(spanOf(trace, 'c1').attributes['gen_ai.provider.name']).toBe('azure.ai.openai')
})

test('takes embeddings for a request of the tool that makes them, and for no turn of the conversation', () => {
  const data = [{ object: 'embedding', index: 0, embedding: [0.5] }]
  const answer = { object: 'list', data, model: 'text-embedding-3-small', usage: { prompt_tokens: 4, total_tokens: 4 } }
  const body = { model: 'text-embedding-3-small', input: 'refund' }
  const trace = projectRun(
    recordingOf([
      responses('c1', 0, [question], [call]),
      http('c2', 'https://api.openai.com/v1/embeddings', { at: 120, method: 'POST', body, answer }),
      responses('c3', 200, [question, call, result], [said]),
    ]),
  )
  expect(outline(trace)).toContainEqual(['c2', 'c1.1', 'http_request', 'POST api.openai.com/v1/embeddings', null])
  expect(spanOf(trace, 'c2').attributes).toMatchObject({
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'text-embedding-3-small',
    'gen_ai.usage.input_tokens': 4,
  })
})

test('ends a stream of responses in an error of their own given that fault', () => {
  const interaction = responses('c1', 0, [question], [])
  const frames = ['response.created', 'response.in_progress'].map((type) => {
    return `event: ${type}\ndata: ${JSON.stringify({ type, response: { id: 'resp_1', status: 'in_progress' } })}\n\n`
  })
  const headers: [string, string][] = [['content-type', 'text/event-stream']]
  const answer = { status: 200, status_text: '', headers, headers_ms: 1, chunks: frames.map((text) => [2, { text }]) }
  const broken = errorInStream({ ...interaction, answer } as HttpInteraction)
  const read = broken?.answer && readModelRequest(broken.request)?.protocol.readAnswer(broken.answer)
  expect(read).toMatchObject({ id: 'resp_1', error: { code: 'server_error' }, finish: 'error', complete: false })
})
