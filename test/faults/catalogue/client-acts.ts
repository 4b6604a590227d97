import type { Fault } from '../fault.ts'
import { JSON_TYPE, modelAnswer, modelError, modelEvents, stream, whole } from '../wire.ts'

const hanging: Fault = {
  asks: 'stream',
  answer: (_, path) => stream(modelEvents(path).slice(0, 3), ['hang']),
}

const good = (path: string) => whole('200 OK', JSON_TYPE, modelAnswer(path))

/** What clients do to an answer that would come whole. */
export const CLIENT_ACTS: Record<string, Fault> = {
  abort_mid_stream: { ...hanging, act: 'abort' },
  cancel_mid_stream: { ...hanging, act: 'cancel' },
  body_unread: { act: 'leave', answer: (_, path) => good(path) },
  keep_alive: { act: 'twice', answer: (_, path) => good(path) },
  keep_alive_after_error: {
    act: 'twice',
    answer: (attempt, path) =>
      attempt === 1 ? whole('400 Bad Request', JSON_TYPE, modelError(path, 'invalid_request_error', 'no')) : good(path),
  },
  keep_alive_closed: { act: 'twice', answer: (_, path) => [...good(path), 'fin'] },
  twice_after_cut: {
    act: 'twice',
    answer: (attempt, path) =>
      attempt === 1 ? ['HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{', 'seen', 'fin'] : good(path),
  },
}
