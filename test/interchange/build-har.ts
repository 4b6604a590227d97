import type { JsonValue } from '../../src/core/json.ts'

/** The fields of a HAR entry that a test cares about; the rest is filled in. */
export interface EntryParts {
  entry?: Record<string, JsonValue>
  request?: Record<string, JsonValue>
  response?: Record<string, JsonValue>
  content?: Record<string, JsonValue>
  /** Headers of the answer. */
  headers?: Record<string, string>
}

/** One entry: a POST answered by a small JSON body after 200 ms. */
export function buildEntry(parts: EntryParts = {}): JsonValue {
  const headers = Object.entries(parts.headers ?? { 'Content-Type': 'application/json' })
  return {
    startedDateTime: '2026-03-01T10:00:00.000Z',
    time: 200,
    timings: { blocked: -1, dns: -1, connect: -1, send: 0, wait: 150, receive: 50, ssl: -1 },
    request: {
      method: 'POST',
      url: 'https://api.example.com/v1/chat?key=k',
      httpVersion: 'HTTP/1.1',
      headers: [{ name: 'Content-Type', value: 'application/json' }],
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: 9,
      postData: { mimeType: 'application/json', text: '{"q":"hi"}' },
      ...parts.request,
    },
    response: {
      status: 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      headers: headers.map(([name, value]) => ({ name, value })),
      cookies: [],
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
      content: parts.content ?? { size: 11, mimeType: 'application/json', text: '{"a":"yes"}' },
      ...parts.response,
    },
    cache: {},
    ...parts.entry,
  }
}

/** A HAR file of some entries. */
export function buildHar(...entries: JsonValue[]): string {
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'test', version: '1' }, entries } })
}
