import { expect, test } from 'vitest'
import type { ErrorShape } from '../../src/model/run.ts'
import {
  classifyError,
  classifyHttp,
  classifyModelError,
  classifyStatus,
  classifyText,
} from '../../src/trace/classify-error.ts'
import { failed, http } from './build-recording.ts'

test.each([
  [200, null],
  [304, null],
  [400, 'bad_request'],
  [401, 'auth'],
  [403, 'auth'],
  [404, 'not_found'],
  [408, 'timeout'],
  [409, 'bad_request'],
  [429, 'rate_limit'],
  [500, 'server_error'],
  [503, 'overloaded'],
  [504, 'timeout'],
  [529, 'overloaded'],
])('classifies the status %i as %s', (status, expected) => {
  expect(classifyStatus(status)).toBe(expected)
})

const fetchFailed = (code: string): ErrorShape => {
  return { name: 'TypeError', message: 'fetch failed', cause: { name: 'Error', message: '', code } }
}

test.each<[string, ErrorShape, string | null]>([
  ['a refused connection', fetchFailed('ECONNREFUSED'), 'connection'],
  ['an unknown host', fetchFailed('ENOTFOUND'), 'dns'],
  ['a busy resolver', fetchFailed('EAI_AGAIN'), 'dns'],
  ['late headers', fetchFailed('UND_ERR_HEADERS_TIMEOUT'), 'timeout'],
  ['a socket that closed', fetchFailed('UND_ERR_SOCKET'), 'connection'],
  ['a failed fetch without cause', { name: 'TypeError', message: 'fetch failed' }, 'connection'],
  [
    'a time-out signal',
    { name: 'TimeoutError', message: 'The operation was aborted due to timeout', code: 23 },
    'timeout',
  ],
  ['a plain abort', { name: 'AbortError', message: 'This operation was aborted', code: 20 }, 'aborted'],
  [
    'an abort because of a time-out',
    { name: 'AbortError', message: 'x', cause: { name: 'TimeoutError', message: 'x' } },
    'timeout',
  ],
  ['a time-out of axios', { name: 'AxiosError', message: 'timeout of 50ms exceeded', code: 'ECONNABORTED' }, 'timeout'],
  ['a mistake in the code', { name: 'TypeError', message: 'x is not a function' }, null],
])('classifies the error given %s', (_, error, expected) => {
  expect(classifyError(error)).toBe(expected)
})

test.each([
  ['request timed out', 'timeout'],
  ['Time-out', 'timeout'],
  ['status code 503', 'overloaded'],
  ['HTTP 404', 'not_found'],
  ['prompt is too long: 210000 tokens', 'context_length'],
  ['order 404 has shipped', null],
])('classifies the text %j as %s', (text, expected) => {
  expect(classifyText(text)).toBe(expected)
})

const abort = { name: 'AbortError', message: 'This operation was aborted' }
const url = 'https://api.test/x'

test('takes an abort for a time-out given that the time limit of the client had passed', () => {
  const headers: [string, string][] = [['x-stainless-timeout', '2']]
  const at = { at: 0, kind: 'aborted' as const, error: abort, headers }
  expect(classifyHttp(failed('c1', url, { ...at, took: 2001 }), true)).toBe('timeout')
  // The client's timer starts before its request leaves.
  expect(classifyHttp(failed('c1', url, { ...at, took: 1990 }), true)).toBe('timeout')
  expect(classifyHttp(failed('c1', url, { ...at, took: 1800 }), true)).toBe('aborted')
})

test('takes the status over the end given a client that cancelled the body of an error', () => {
  const cancelled = failed('c1', url, { at: 0, kind: 'aborted', error: abort, status: 429 })
  expect(classifyHttp(cancelled, true)).toBe('rate_limit')
})

test('calls a connection that broke within the answer a connection error', () => {
  expect(classifyHttp(http('c1', url, { at: 0, end: { kind: 'cut', offset_ms: 5 } }), true)).toBe('connection')
})

test.each([
  [{ type: 'invalid_request_error', code: 'context_length_exceeded', message: 'x' }, 400, 'context_length'],
  [
    { type: 'invalid_request_error', code: null, message: 'prompt is too long: 9 tokens > 8 maximum' },
    400,
    'context_length',
  ],
  [{ type: 'requests', code: 'rate_limit_exceeded', message: 'x' }, 429, 'rate_limit'],
  [{ type: 'overloaded_error', code: null, message: 'Overloaded' }, 200, 'overloaded'],
  [{ type: 'service_unavailable_error', code: 'server_is_overloaded', message: 'x' }, 200, 'overloaded'],
  [{ type: 'tokens', code: 'rate_limit_exceeded', message: 'x' }, 200, 'rate_limit'],
  [{ type: 'authentication_error', code: null, message: 'x' }, 200, 'auth'],
  [{ type: 'timeout_error', code: null, message: 'x' }, 200, 'timeout'],
  [{ type: null, code: '502', message: 'x' }, 200, 'server_error'],
  [{ type: 'malformed_answer', code: null, message: 'The answer is empty.' }, 200, 'server_error'],
])('classifies the model error %j with status %i as %s', (error, status, expected) => {
  expect(classifyModelError(error, status)).toBe(expected)
})
