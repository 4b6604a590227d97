import { expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { asks, type Call, chat, http, recordingOf, tells, user } from './build-recording.ts'
import { outline, spanOf } from './read-trace.ts'

const URL = 'https://mcp.test/mcp'
const SESSION: [string, string][] = [['mcp-session-id', 's1']]
const STREAM: [string, string][] = [...SESSION, ['accept', 'text/event-stream']]

function message(id: string, at: number, body: object, answer: object, more: object = {}): HttpInteraction {
  const headers = SESSION
  return http(id, URL, { at, method: 'POST', headers, body: { jsonrpc: '2.0', ...body }, answer, ...more })
}

const callOf = (rpc: number, name: string, args: object) => ({
  id: rpc,
  method: 'tools/call',
  params: { name, arguments: args },
})
const resultOf = (rpc: number, result: object) => ({ jsonrpc: '2.0', id: rpc, result })
const said = (text: string) => ({ content: [{ type: 'text', text }] })

test('a server without a stream or sessions, and a stream that is left, are no errors', () => {
  const trace = projectRun(
    recordingOf([
      http('c1', URL, { at: 0, headers: STREAM, status: 405 }),
      http('c2', URL, { at: 1, headers: STREAM, took: 5, end: { kind: 'aborted', offset_ms: 900 } }),
      http('c3', URL, { at: 950, method: 'DELETE', headers: SESSION, status: 405 }),
      http('c4', URL, { at: 960, headers: STREAM, status: 500 }),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'http_request', 'mcp listen', null],
    ['c2', null, 'http_request', 'mcp listen', null],
    ['c3', null, 'http_request', 'mcp leave', null],
    ['c4', null, 'http_request', 'mcp listen', 'server_error'],
  ])
  expect(spanOf(trace, 'c2').latency_ms).toBe(5)
})

test('joins a call with what the model asked for given another name, by its arguments', () => {
  const calls: Call[] = [
    ['call_1', 'lookup', '{"q":"a"}'],
    ['call_2', 'lookup', '{"q":"b"}'],
  ]
  const trace = projectRun(
    recordingOf([
      chat('c1', [user], { calls }, { at: 0 }),
      message('c2', 120, { id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } }, resultOf(0, {})),
      message('c3', 140, callOf(1, 'search', { q: 'b' }), resultOf(1, said('found b'))),
      chat(
        'c4',
        [user, asks(...calls), tells('call_1', 'none'), tells('call_2', 'found b')],
        { text: 'ok' },
        { at: 250 },
      ),
    ]),
  )
  expect(outline({ ...trace, spans: trace.spans.filter((span) => span.step_type !== 'llm_generate') })).toEqual([
    ['c1.1', null, 'tool_call', 'lookup', null],
    ['c2', null, 'http_request', 'mcp initialize', null],
    ['c3', null, 'tool_call', 'lookup', null],
  ])
})

test('counts a call once given a server that wants to know more first', () => {
  const trace = projectRun(
    recordingOf([
      message('c1', 0, callOf(1, 'book', { seat: 1 }), resultOf(1, { resultType: 'input_required' })),
      message('c2', 20, callOf(2, 'book', { seat: 1 }), resultOf(2, said('booked'))),
    ]),
  )
  expect(outline(trace)).toEqual([
    ['c1', null, 'http_request', 'mcp tools/call book', null],
    ['c2', null, 'tool_call', 'book', null],
  ])
})

test('tells why a call failed given that the agent gave it up by a message', () => {
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 1, reason: 'Request timed out' } }
  const trace = projectRun(
    recordingOf([
      message('c1', 0, callOf(1, 'search', {}), '' as unknown as object, { end: { kind: 'complete', offset_ms: 900 } }),
      message('c2', 300, cancelled, '' as unknown as object, { status: 202 }),
    ]),
  )
  expect(outline(trace)[0]).toEqual(['c1', null, 'tool_call', 'search', 'timeout'])
})
