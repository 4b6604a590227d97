import type { LibraryName } from './second-opinions.ts'

/** Where another library gives a client something else than the recorded run gave, and why: properties of the library, not of recordings. */
export interface KnownOpinion {
  reason: string
  /** Clients by fault and library, with commas between them. */
  cells: Partial<Record<LibraryName, Record<string, string>>>
  /** True where it depends on the moment whether the library does so. */
  sometimes?: true
}

/** Where all that msw can say is that something failed. */
const UNSPOKEN = {
  refused: 'fetch, node:http, axios, got, openai, anthropic',
  dns_failure: 'fetch, node:http, axios, got, openai, anthropic',
  reset_on_connect: 'fetch, node:http, axios, got, openai, anthropic',
  tls_self_signed: 'fetch, node:http, axios, got, openai, anthropic',
  tls_wrong_host: 'fetch, node:http, axios, got, openai, anthropic',
  tls_expired: 'fetch, node:http, axios, got, openai, anthropic',
  tls_to_plain: 'fetch, node:http, axios, got, openai, anthropic',
  reset_before_head: 'fetch, node:http, axios, got, openai, anthropic',
  fin_before_head: 'fetch, node:http, axios, got, openai, anthropic',
  reset_in_head: 'fetch, node:http, axios, got, openai, anthropic',
  fin_in_head: 'fetch, node:http, axios, got, openai, anthropic',
  continue_unasked: 'fetch, openai, anthropic',
  huge_headers: 'fetch, node:http, axios, got, openai, anthropic',
  not_http: 'fetch, node:http, axios, got, openai, anthropic',
  bare_line_feeds: 'fetch, node:http, axios, got, openai, anthropic',
  length_twice: 'fetch, node:http, axios, got, openai, anthropic',
  length_is_no_number: 'fetch, node:http, axios, got, openai, anthropic',
  keep_alive_closed: 'node:http, axios, got',
}

export const KNOWN_OPINIONS: readonly KnownOpinion[] = [
  {
    reason: 'An empty reason phrase, and in nock any other than that of the status, cannot be given.',
    cells: {
      'nock 14': {
        status_529: 'fetch, node:http, got',
        status_without_text: 'fetch, node:http, axios',
      },
      'nock 15': {
        status_529: 'fetch, undici fetch, node:http, got',
        status_without_text: 'fetch, undici fetch, node:http, axios',
      },
      'msw 2': {
        status_without_text: 'node:http, axios',
      },
      'msw 3': {
        status_without_text: 'fetch, node:http, axios',
      },
    },
  },
  {
    reason:
      'A redirect that `fetch` gets is not followed as for real: the body of a POST is lost, a `null` location is followed, a loop ends in another error.',
    cells: {
      'nock 14': {
        redirect_302: 'openai, anthropic',
        redirect_307: 'openai, anthropic',
        redirect_loop: 'fetch, openai, anthropic',
        redirect_nowhere: 'fetch, openai, anthropic',
      },
      'msw 2': {
        redirect_302: 'openai, anthropic',
        redirect_307: 'openai, anthropic',
        redirect_loop: 'fetch, openai, anthropic',
        redirect_nowhere: 'fetch, openai, anthropic',
      },
    },
  },
  {
    reason:
      '`fetch` gets the bodies of broken or new codings otherwise: zstd as it came, what is cut off or wrong by another error, or by one that nobody catches and that ends the process.',
    cells: {
      'nock 14': {
        zstd: 'fetch, openai, anthropic',
        gzip_truncated: 'fetch, openai, anthropic',
        gzip_corrupt: 'fetch, openai, anthropic',
        gzip_that_is_none: 'fetch, openai, anthropic',
      },
      'msw 2': {
        zstd: 'fetch, openai, anthropic',
        gzip_truncated: 'fetch, openai, anthropic',
        gzip_corrupt: 'fetch, openai, anthropic',
        gzip_that_is_none: 'fetch, openai, anthropic',
      },
    },
  },
  {
    reason:
      'A body can end in an error, its connection cannot: clients meet a socket that was closed, whatever the recorded one said.',
    cells: {
      'nock 14': {
        reset_after_head: 'node:http, axios, got',
        reset_mid_body: 'node:http, axios',
        bad_chunk_size: 'node:http, axios, got',
        stream_reset: 'node:http',
        stream_bad_chunk: 'node:http, got',
      },
      'nock 15': {
        reset_after_head: 'fetch, undici fetch, undici request, node:http, axios, got, openai, anthropic',
        reset_mid_body: 'fetch, undici fetch, undici request, node:http, axios, openai, anthropic',
        cut_with_length: 'fetch, undici fetch, undici request, openai, anthropic',
        cut_chunked: 'fetch, undici fetch, undici request, openai, anthropic',
        cut_within_chunk: 'fetch, undici fetch, undici request, openai, anthropic',
        timeout_body: 'anthropic',
        length_too_long: 'fetch, undici fetch, undici request, openai, anthropic',
        bad_chunk_size: 'fetch, undici fetch, undici request, node:http, axios, got, openai, anthropic',
        stream_cut: 'fetch, undici fetch, undici request, openai, anthropic',
        stream_reset: 'fetch, undici fetch, undici request, node:http, openai, anthropic',
        stream_bad_chunk: 'fetch, undici fetch, undici request, node:http, got, openai, anthropic',
        twice_after_cut: 'fetch, undici fetch, undici request, openai, anthropic',
      },
      'msw 2': {
        reset_after_head: 'node:http, axios, got',
        reset_mid_body: 'node:http, axios',
        bad_chunk_size: 'node:http, axios, got',
        stream_reset: 'node:http',
        stream_bad_chunk: 'node:http, got',
      },
      'msw 3': {
        reset_after_head: 'fetch, node:http, axios, got, openai, anthropic',
        reset_mid_body: 'fetch, node:http, axios, openai, anthropic',
        cut_with_length: 'fetch, openai, anthropic',
        cut_chunked: 'fetch, openai, anthropic',
        cut_within_chunk: 'fetch, openai, anthropic',
        timeout_body: 'anthropic',
        length_too_long: 'fetch, openai, anthropic',
        bad_chunk_size: 'fetch, node:http, axios, got, openai, anthropic',
        stream_cut: 'fetch, openai, anthropic',
        stream_reset: 'fetch, node:http, openai, anthropic',
        stream_bad_chunk: 'fetch, node:http, got, openai, anthropic',
        twice_after_cut: 'fetch, openai, anthropic',
      },
    },
  },
  {
    reason: 'What comes before the head (1xx) or behind the body (trailers, bytes of no answer) cannot be given.',
    cells: {
      'nock 14': {
        early_hints: 'node:http',
        continue_unasked: 'node:http',
        trailers: 'node:http',
        length_too_short: 'node:http, axios, got',
      },
      'nock 15': {
        early_hints: 'node:http',
        continue_unasked: 'node:http',
        trailers: 'undici request, node:http',
        length_too_short: 'node:http, axios, got',
      },
      'msw 2': {
        early_hints: 'node:http',
        continue_unasked: 'node:http',
        trailers: 'node:http',
        length_too_short: 'node:http, axios, got',
      },
      'msw 3': {
        early_hints: 'node:http',
        continue_unasked: 'node:http',
        trailers: 'node:http',
        length_too_short: 'node:http, axios, got',
      },
    },
  },
  {
    reason: 'The time-out of got is thrown outside of every call, and its process dies.',
    cells: {
      'nock 14': {
        timeout_body: 'got',
        stream_silent: 'got',
      },
      'nock 15': {
        timeout_connect: 'got',
        timeout_head: 'got',
        timeout_in_head: 'got',
      },
      'msw 2': {
        timeout_body: 'got',
        stream_silent: 'got',
      },
    },
  },
  {
    reason: 'A client that gives up is told that its connection was closed, before its own reason.',
    cells: {
      'nock 15': {
        timeout_connect: 'node:http',
        timeout_head: 'node:http',
        timeout_in_head: 'node:http',
        timeout_body: 'got',
        stream_silent: 'got',
      },
      'msw 3': {
        timeout_body: 'got',
        stream_silent: 'got',
      },
    },
  },
  {
    reason:
      'Every connection is there at once: a client that for real learns nothing until it has one meets its own limit.',
    cells: {
      'nock 15': {
        timeout_connect: 'undici request',
      },
    },
  },
  {
    reason:
      'undici takes a certificate for another host for a bug of its own when a connection seems to be there: an assertion ends the process.',
    cells: {
      'nock 15': {
        tls_wrong_host: 'fetch, undici fetch, undici request, openai, anthropic',
      },
    },
  },
  {
    reason: 'The only failure that can be given is `Response.error()`: class, code and cause are lost.',
    cells: {
      'msw 2': UNSPOKEN,
      'msw 3': UNSPOKEN,
    },
  },
  {
    reason:
      'The answer is given twice, once to the library: a client that cancels its body, as SDKs do before they try again and behind the last event, waits for ever for the other reader.',
    cells: {
      'msw 2': {
        status_429: 'openai, anthropic',
        status_429_seconds: 'openai, anthropic',
        status_429_date: 'openai, anthropic',
        status_429_ms: 'openai, anthropic',
        status_408: 'openai, anthropic',
        status_500: 'openai, anthropic',
        status_502: 'openai, anthropic',
        status_503: 'openai, anthropic',
        status_504: 'openai, anthropic',
        status_529: 'openai, anthropic',
        malformed_sse: 'anthropic',
        error_in_stream: 'anthropic',
        cancel_mid_stream: 'fetch, anthropic',
      },
    },
  },
  {
    reason:
      'The answer is given twice, once to the library: a client that cancels its body, as SDKs do before they try again and behind the last event, waits for ever for the other reader.',
    sometimes: true,
    cells: {
      'msw 2': {
        stream: 'openai',
        stream_at_once: 'openai',
        stream_split_in_event: 'openai',
        stream_split_in_character: 'openai',
        stream_crlf: 'openai',
        stream_cr: 'openai',
        stream_bom: 'openai',
        stream_comments: 'openai',
        stream_long_line: 'openai',
        stream_gzip: 'openai',
        stream_until_close: 'openai',
        stream_goes_on_after_done: 'openai',
      },
    },
  },
  {
    reason: 'An abort within the body is not passed on: the body goes on, or hangs.',
    cells: {
      'msw 2': {
        timeout_body: 'fetch',
        stream_silent: 'fetch, anthropic',
        abort_mid_stream: 'fetch, anthropic',
      },
    },
  },
]
