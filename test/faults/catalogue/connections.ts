import type { Fault } from '../fault.ts'
import { chunk, head, JSON_TYPE, modelAnswer } from '../wire.ts'

const half = (path: string): string => modelAnswer(path).slice(0, 40)
const LONGER = head('200 OK', { ...JSON_TYPE, 'content-length': 5000 })
const CHUNKED = head('200 OK', { ...JSON_TYPE, 'transfer-encoding': 'chunked' })

/** Faults of the line: what breaks before, in and after the head and within the body. */
export const CONNECTION_FAULTS: Record<string, Fault> = {
  refused: { line: 'closed port', retries: true },
  dns_failure: { line: 'no such host', retries: true },
  reset_on_connect: { line: 'reset on connect' },
  tls_self_signed: { line: 'self-signed' },
  tls_wrong_host: { line: 'wrong host' },
  tls_expired: { line: 'expired' },
  tls_to_plain: { line: 'plain as https' },
  tls_works: { line: 'https', answer: (_, path) => [...reply(path)] },
  reset_before_head: { retries: true, answer: () => ['reset'] },
  fin_before_head: { answer: () => ['fin'] },
  reset_in_head: { answer: () => ['HTTP/1.1 200 OK\r\ncontent-ty', 60, 'reset'] },
  fin_in_head: { answer: () => ['HTTP/1.1 200 OK\r\ncontent-ty', 'fin'] },
  reset_after_head: { answer: () => [LONGER, 'seen', 'reset'] },
  reset_mid_body: { answer: (_, path) => [LONGER + half(path), 'seen', 'reset'] },
  cut_with_length: { answer: (_, path) => [LONGER + half(path), 'seen', 'fin'] },
  cut_chunked: { answer: (_, path) => [CHUNKED, chunk(half(path)), 'seen', 'fin'] },
  cut_within_chunk: { answer: (_, path) => [CHUNKED, `ff\r\n${half(path)}`, 'seen', 'fin'] },
  timeout_connect: { line: 'mute tls', act: 'time out' },
  timeout_head: { act: 'time out', answer: () => ['hang'] },
  timeout_in_head: { act: 'time out', answer: () => ['HTTP/1.1 200 OK\r\ncontent-ty', 'hang'] },
  timeout_body: { act: 'time out', patience_ms: 3_000, answer: (_, path) => [LONGER + half(path), 'hang'] },
}

function reply(path: string): [string] {
  const body = modelAnswer(path)
  return [head('200 OK', { ...JSON_TYPE, 'content-length': body.length }) + body]
}
