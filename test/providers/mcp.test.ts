import { expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import type { HttpRequest } from '../../src/model/interaction.ts'
import { readMcpAnswer, textOfToolResult } from '../../src/providers/mcp/read-answer.ts'
import { readMcpRequest, stripMcpMessage } from '../../src/providers/mcp/read-request.ts'

const SESSION: HttpRequest['headers'] = [['mcp-session-id', 's']]
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }

function post(body: JsonValue, headers: HttpRequest['headers'] = [], url = 'https://mcp.test/mcp'): HttpRequest {
  return { method: 'POST', url, headers, body: { text: JSON.stringify(body) } }
}

test.each<[string, HttpRequest, string | undefined]>([
  [
    'the first message of a session',
    post({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } }),
    'request initialize',
  ],
  ['a message of a session', post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, SESSION), 'request tools/list'],
  [
    'a message without sessions',
    post({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } }),
    'request tools/list',
  ],
  [
    'a notification',
    post({ jsonrpc: '2.0', method: 'notifications/initialized' }, SESSION),
    'notification notifications/initialized',
  ],
  ['what the agent answers', post({ jsonrpc: '2.0', id: 1, result: {} }, SESSION), 'response response'],
  [
    'a message to a child process',
    post({ jsonrpc: '2.0', id: 1, method: 'ping' }, [], 'stdio:node+server.ts'),
    'request ping',
  ],
  [
    'a stream',
    { method: 'GET', url: 'https://mcp.test/mcp', headers: [['accept', 'text/event-stream'], ...SESSION], body: null },
    'listen listen',
  ],
  [
    'the end of a session',
    { method: 'DELETE', url: 'https://mcp.test/mcp', headers: SESSION, body: null },
    'leave leave',
  ],
  [
    'a subscription',
    post({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params: { _meta: META } }),
    'listen subscriptions/listen',
  ],
  ['other JSON-RPC', post({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: {} }), undefined],
  [
    'JSON-RPC of another protocol',
    post({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: 1 } }),
    undefined,
  ],
  [
    'another stream',
    { method: 'GET', url: 'https://x.test/', headers: [['accept', 'text/event-stream']], body: null },
    undefined,
  ],
  [
    'what is no JSON',
    { method: 'POST', url: 'https://mcp.test/mcp', headers: SESSION, body: { text: '"jsonrpc" {' } },
    undefined,
  ],
])('tells %s', (_, request, expected) => {
  const message = readMcpRequest(request)
  expect(message === null ? undefined : `${message.kind} ${message.method}`).toBe(expected)
})

test('leaves out of a message what says how it is carried, and nothing else', () => {
  const params = { name: 'search', arguments: { id: 3, _meta: { progressToken: 1 } } }
  const meta = {
    ...META,
    'io.modelcontextprotocol/clientInfo': { name: 'x' },
    progressToken: 7,
    traceparent: '00',
    tenant: 'a',
  }
  expect(stripMcpMessage({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { ...params, _meta: meta } })).toEqual({
    jsonrpc: '2.0',
    method: 'tools/call',
    params: { ...params, _meta: { ...META, progressToken: true, tenant: 'a' } },
  })
  const response = { jsonrpc: '2.0', id: 7, result: { a: 1 } }
  expect(stripMcpMessage(response)).toEqual(response)
})

test.each([
  ['a document', '{"jsonrpc":"2.0","id":2,"result":{"a":1}}'],
  [
    'a stream of events',
    'event: message\ndata: {"method":"x","id":2}\n\ndata: {"id":2,"result":{"a":1},"jsonrpc":"2.0"}\n\n',
  ],
  ['lines', '{"method":"notifications/progress"}\n{"id":3,"result":{}}\n{"id":2,"result":{"a":1}}\n'],
])('finds the answer to a request in %s', (_, text) => {
  const answer = {
    status: 200,
    status_text: '',
    headers: [],
    headers_ms: 0,
    chunks: [[0, { text }]] as [number, { text: string }][],
  }
  expect(readMcpAnswer(answer, 2)).toEqual({ result: { a: 1 }, error: null })
  expect(readMcpAnswer(answer, 9)).toBeNull()
})

test('gives the texts of a result, and the whole of one that is more than text', () => {
  expect(
    textOfToolResult({
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    }),
  ).toBe('a\nb')
  const image = { content: [{ type: 'image', data: 'x' }] }
  expect(textOfToolResult(image)).toBe(JSON.stringify(image))
})
