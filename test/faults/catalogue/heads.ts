import type { Fault, Step } from '../fault.ts'
import { head, JSON_TYPE, modelAnswer, modelError, whole } from '../wire.ts'

const good = (path: string): Step[] => whole('200 OK', JSON_TYPE, modelAnswer(path))

/** Fails once with this status, then answers: what a client that tries again gets. */
function once(status: string, headers: Record<string, string>, type: string): Fault {
  return {
    retries: true,
    answer: (attempt, path) =>
      attempt > 1 ? good(path) : whole(status, { ...JSON_TYPE, ...headers }, modelError(path, type, `try ${attempt}`)),
  }
}

/** Fails each time. */
function always(status: string, type: string): Fault {
  const headers = { ...JSON_TYPE, 'retry-after-ms': '5' }
  return { retries: true, answer: (_, path) => whole(status, headers, modelError(path, type, status)) }
}

function redirect(status: string): Fault {
  return {
    answer: (attempt, path) => (attempt === 1 ? whole(status, { location: `${path}?hop=1` }) : good(path)),
  }
}

/** Faults and oddities of the head. */
export const HEAD_FAULTS: Record<string, Fault> = {
  status_429: once('429 Too Many Requests', {}, 'rate_limit_error'),
  status_429_seconds: once('429 Too Many Requests', { 'retry-after': '1' }, 'rate_limit_error'),
  status_429_date: {
    retries: true,
    answer: (attempt, path) => {
      // At a full second, so that all of a run wait for the same.
      const at = new Date(Date.now() + 2000).toUTCString()
      return attempt > 1 ? good(path) : whole('429 Too Many Requests', { 'retry-after': at }, 'wait')
    },
  },
  status_429_ms: once('429 Too Many Requests', { 'retry-after-ms': '20' }, 'rate_limit_error'),
  status_400: {
    answer: (_, path) => whole('400 Bad Request', JSON_TYPE, modelError(path, 'invalid_request_error', 'no')),
  },
  status_401: {
    answer: (_, path) => whole('401 Unauthorized', JSON_TYPE, modelError(path, 'authentication_error', 'no')),
  },
  status_408: always('408 Request Timeout', 'timeout_error'),
  status_500: always('500 Internal Server Error', 'api_error'),
  status_502: {
    retries: true,
    answer: () =>
      whole('502 Bad Gateway', { 'content-type': 'text/html', 'retry-after-ms': '5' }, '<h1>Bad Gateway</h1>'),
  },
  status_503: always('503 Service Unavailable', 'overloaded_error'),
  status_504: always('504 Gateway Timeout', 'timeout_error'),
  status_529: always('529 Site is overloaded', 'overloaded_error'),
  status_without_text: { answer: (_, path) => [head('200 ', JSON_TYPE), modelAnswer(path), 'fin'] },
  status_204: { answer: () => [head('204 No Content', { 'x-a': '1' })] },
  status_304: { answer: () => [head('304 Not Modified', { etag: '"a"' })] },
  redirect_302: redirect('302 Found'),
  redirect_303: redirect('303 See Other'),
  redirect_307: redirect('307 Temporary Redirect'),
  redirect_loop: { answer: (_, path) => whole('302 Found', { location: path }) },
  redirect_nowhere: { answer: () => whole('302 Found', JSON_TYPE, '{"here":true}') },
  early_hints: {
    answer: (_, path) => [head('103 Early Hints', { link: '</a>; rel=preload' }), 10, ...good(path)],
  },
  continue_unasked: { answer: (_, path) => [head('100 Continue'), 10, ...good(path)] },
  duplicate_headers: {
    answer: (_, path) =>
      whole('200 OK', { ...JSON_TYPE, 'set-cookie': ['a=1', 'b=2; Path=/'], 'x-two': ['1', '2'] }, modelAnswer(path)),
  },
  odd_headers: {
    answer: (_, path) =>
      whole(
        '200 OK',
        { ...JSON_TYPE, 'x-empty': '', 'x-latin': 'caf\u00e9', 'X-Upper': 'Case', 'x-space': '  in' },
        modelAnswer(path),
      ),
  },
  huge_headers: {
    answer: (_, path) => whole('200 OK', { ...JSON_TYPE, 'x-huge': 'x'.repeat(40_000) }, modelAnswer(path)),
  },
  not_http: { answer: () => ['SSH-2.0-OpenSSH_9.6\r\n', 'fin'] },
  bare_line_feeds: {
    answer: (_, path) => [head('200 OK', JSON_TYPE).replaceAll('\r\n', '\n') + modelAnswer(path), 'fin'],
  },
}
