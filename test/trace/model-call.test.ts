import { expect, test } from 'vitest'
import { GEN_AI, OTEL } from '../../src/model/gen-ai.ts'
import type { HttpInteraction, InteractionEnd } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { dataFrames, OPENAI_TOOL_STREAM } from '../providers/wire-samples.ts'
import {
  asks,
  type Call,
  chat,
  failed,
  http,
  recordingOf,
  STARTED_AT,
  tells,
  user,
  wrapped,
} from './build-recording.ts'
import { eventsOf, outline, spanOf } from './read-trace.ts'

test('gives a model call with its attributes given a chat completion', () => {
  const trace = projectRun(recordingOf([chat('c1', [user], { text: 'Yes.' }, { at: 50, tools: ['search'] })]))
  expect(trace.spans).toHaveLength(1)
  expect(trace.spans[0]).toMatchObject({
    span_id: 'c1',
    parent_id: null,
    run_id: 'run_1',
    step_type: 'llm_generate',
    name: 'gpt-4o',
    started_at_ms: STARTED_AT + 50,
    latency_ms: 100,
    status: 'ok',
    error_class: null,
    interactions: ['c1'],
  })
  expect(trace.spans[0]?.attributes).toMatchObject({
    [GEN_AI.operation]: 'chat',
    [GEN_AI.provider]: 'openai',
    [GEN_AI.requestModel]: 'gpt-4o',
    [GEN_AI.responseModel]: 'gpt-4o-2024',
    [GEN_AI.responseId]: 'chatcmpl-c11',
    [GEN_AI.finishReasons]: ['stop'],
    [GEN_AI.inputTokens]: 10,
    [GEN_AI.outputTokens]: 5,
    [OTEL.messageCount]: 1,
    [OTEL.knownTools]: ['search'],
    [OTEL.malformedArguments]: 0,
    [OTEL.retries]: 0,
    [OTEL.answerText]: 'Yes.',
    [OTEL.httpStatus]: 200,
  })
  expect(trace).toMatchObject({ stop_reason: 'completed', output: 'done', latency_ms: 10_000, finished: true })
})

test('gives one span for all attempts given a model call that was retried', () => {
  const interactions = [
    chat('c1', [user], { status: 429 }, { at: 0 }),
    failed('c2', 'https://api.openai.com/v1/chat/completions', {
      at: 500,
      method: 'POST',
      body: { model: 'gpt-4o', messages: [user] },
      error: { name: 'TypeError', message: 'fetch failed', cause: { name: 'Error', message: 'x', code: 'ECONNRESET' } },
    }),
    chat('c3', [user], { text: 'Yes.' }, { at: 1500 }),
  ]
  const trace = projectRun(recordingOf(interactions))
  expect(outline(trace)).toEqual([['c1', null, 'llm_generate', 'gpt-4o', null]])
  expect(spanOf(trace, 'c1')).toMatchObject({ latency_ms: 1600, interactions: ['c1', 'c2', 'c3'] })
  expect(spanOf(trace, 'c1').attributes).toMatchObject({
    [OTEL.retries]: 2,
    [OTEL.attemptErrors]: ['rate_limit', 'connection'],
  })
  expect(eventsOf(trace)).toEqual([
    ['run_started', 0],
    ['agent_step', 0],
    ['llm_result', 1600],
    ['run_finished', 10_000],
  ])
})

test('gives the class of the last attempt given a model call whose retries all failed', () => {
  const trace = projectRun(
    recordingOf([chat('c1', [user], { status: 429 }, { at: 0 }), chat('c2', [user], { status: 529 }, { at: 200 })]),
  )
  expect(outline(trace)).toEqual([['c1', null, 'llm_generate', 'gpt-4o', 'overloaded']])
  expect(spanOf(trace, 'c1')).toMatchObject({ status: 'error', attributes: { [OTEL.errorType]: 'overloaded' } })
})

test.each([408, 409, 429, 500, 503])('gives one span given a retry after status %i', (status) => {
  const interactions = [chat('c1', [user], { status }, { at: 0 }), chat('c2', [user], { text: 'B' }, { at: 200 })]
  expect(projectRun(recordingOf(interactions)).spans).toHaveLength(1)
})

test.each([undefined, 400, 401, 404])('gives two spans given an equal request after status %s', (status) => {
  const first = status === undefined ? { text: 'A' } : { status }
  const interactions = [chat('c1', [user], first, { at: 0 }), chat('c2', [user], { text: 'B' }, { at: 200 })]
  expect(projectRun(recordingOf(interactions)).spans).toHaveLength(2)
})

test('keeps equal concurrent calls apart given that each is retried once', () => {
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { status: 503 }, { at: 0 }),
      chat('c2', [user], { status: 503 }, { at: 1 }),
      chat('c3', [user], { text: 'A' }, { at: 300 }),
      chat('c4', [user], { text: 'B' }, { at: 301 }),
    ]),
  )
  expect(trace.spans.map((span) => span.interactions)).toEqual([
    ['c1', 'c3'],
    ['c2', 'c4'],
  ])
})

/** A streaming answer that broke off within the arguments of a tool call. */
function halfStream(end: InteractionEnd | null): HttpInteraction {
  const frames = dataFrames(OPENAI_TOOL_STREAM).slice(0, 4)
  const call = chat('c1', [user], {}, { at: 0, answer: frames.join(''), end })
  call.answer?.headers.splice(0, 1, ['content-type', 'text/event-stream'])
  return call
}

test('calls a model call unfinished given a process that was killed within its stream', () => {
  const trace = projectRun(recordingOf([halfStream(null)], null))
  expect(outline(trace)).toEqual([['c1', null, 'llm_generate', 'gpt-4o', 'unfinished']])
  expect(trace.events.map(({ event }) => event)).toEqual(['run_started', 'agent_step'])
})

test('calls it a connection error given a stream that ended well on the wire but not by its protocol', () => {
  const trace = projectRun(recordingOf([halfStream({ kind: 'complete', offset_ms: 40 })]))
  expect(trace.spans[0]).toMatchObject({ error_class: 'connection', attributes: { [OTEL.malformedArguments]: 0 } })
})

test('calls it a connection error given a JSON answer that broke off', () => {
  const cut = http('c1', 'https://api.openai.com/v1/chat/completions', {
    at: 0,
    method: 'POST',
    body: { model: 'gpt-4o', messages: [user] },
    answer: '{"choices":[{"ind',
    end: { kind: 'cut', offset_ms: 40 },
  })
  expect(projectRun(recordingOf([cut])).spans[0]?.error_class).toBe('connection')
})

test('reads a wrapped model as one call of the agent, with what it means given bodies of a known protocol', () => {
  const call: Call = ['call_1', 'add', '{}']
  const value = {
    choices: [{ index: 0, message: asks(call), finish_reason: 'tool_calls' }],
    usage: { prompt_tokens: 3, completion_tokens: 4 },
  }
  const next = { choices: [{ index: 0, message: { content: 'done' }, finish_reason: 'stop' }] }
  const trace = projectRun(
    recordingOf([
      wrapped('model', 'c1', 'local', [{ model: 'm', messages: [user] }], { at: 0, took: 50, value: value as never }),
      chat('c2', [user], { calls: [call] }, { at: 1, took: 20, parent: 'c1' }),
      wrapped('model', 'c3', 'local', [{ model: 'm', messages: [user, asks(call), tells('call_1', '3')] as never }], {
        at: 90,
        value: next,
      }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'local', null],
    ['c2', 'c1', 'llm_generate', 'gpt-4o', null],
    ['c1.1', null, 'tool_call', 'add', null],
    ['c3', null, 'llm_generate', 'local', null],
  ])
  expect(spanOf(trace, 'c1').attributes).toMatchObject({ [GEN_AI.inputTokens]: 3, [OTEL.messageCount]: 1 })
  expect(spanOf(trace, 'c2').attributes).not.toHaveProperty([OTEL.notExecuted])
  expect(trace.events.filter(({ event }) => event === 'agent_step').map(({ step }) => step)).toEqual([1, 2])
})

test('reads a wrapped model that says nothing known, or throws', () => {
  const trace = projectRun(
    recordingOf([
      wrapped('model', 'c1', 'local', ['hi'], { at: 0, value: 'hello' }),
      wrapped('model', 'c2', 'local', ['hi'], { at: 50, error: { name: 'Error', message: '429 Too Many Requests' } }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'llm_generate', 'local', null],
    ['c2', null, 'llm_generate', 'local', 'rate_limit'],
  ])
})

test('counts malformed arguments and hashes them as they are', () => {
  const call: Call = ['call_1', 'find', '{"q": refund}']
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls: [call, ['call_2', 'list', '']] }, { at: 0 }),
      chat('c2', [user, asks(call), tells('call_1', 'Error: bad arguments')], { text: 'ok' }, { at: 250 }),
    ]),
  )
  expect(spanOf(trace, 'c1').attributes).toMatchObject({ [OTEL.malformedArguments]: 1, [OTEL.notExecuted]: 1 })
  expect(spanOf(trace, 'c1.1').attributes[GEN_AI.toolArguments]).toBe('{"q": refund}')
  expect(trace.events.find(({ event }) => event === 'tool_call')?.args_hash).toMatch(/^[0-9a-f]{64}$/)
})

test.each([
  ['gives the class of the error given a client that stopped reading at an error within a stream', true, 'overloaded'],
  ['gives an abort given a client that stopped reading within an event', false, 'aborted'],
])('%s', (_, isWhole, expected) => {
  const stream = chat('c1', [user], {}, { at: 0 })
  if (stream.answer === null) throw new Error('no answer')
  stream.answer.headers = [['content-type', 'text/event-stream']]
  const error = `data: ${JSON.stringify({ error: { type: 'overloaded_error', code: null, message: 'x' } })}\n\n`
  stream.answer.chunks = [[20, { text: isWhole ? error : 'data: {"choices": [{"del\n\n' }]]
  stream.end = { kind: 'aborted', offset_ms: 20, error: { name: 'AbortError', message: 'aborted' } }
  expect(projectRun(recordingOf([stream])).spans[0]?.error_class).toBe(expected)
})

test('knows nothing of an answer, and of no failure, given one that came and that the source does not hold', () => {
  const note = { at_ms: 0, code: 'answer_body_missing', message: 'x', data: { interactions: ['c1', 'c2'] } }
  const gone = (id: string, at: number, status: number): HttpInteraction => {
    const call = chat(id, [user, { role: 'user', content: id }], {}, { at, end: null })
    return { ...call, answer: { status, status_text: '', headers: [], headers_ms: 10, chunks: [] } }
  }
  const recording = recordingOf([gone('c1', 0, 200), gone('c2', 100, 503), gone('c3', 200, 200)])
  const trace = projectRun({ ...recording, notes: [note] })
  expect(trace.spans.map(({ status, error_class }) => [status, error_class])).toEqual([
    ['ok', null],
    ['error', 'overloaded'],
    ['error', 'server_error'],
  ])
  expect(spanOf(trace, 'c1').attributes).not.toHaveProperty(GEN_AI.finishReasons)
})
