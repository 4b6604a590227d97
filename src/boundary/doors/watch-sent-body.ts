import { subscribe } from 'node:diagnostics_channel'

/** What is told of a request's body as it leaves. */
export interface SentBodyWatcher {
  /** A piece, bytes or text; the client may use its buffer again. */
  onPiece(piece: unknown): void
  onSent(): void
}

interface RequestMessage {
  request: { body?: unknown }
  chunk?: unknown
}

const waiting = new WeakMap<object, SentBodyWatcher[]>()
const watched = new WeakMap<object, SentBodyWatcher>()
let subscribed = false

/**
 * Tells what undici sends of a body that is no plain bytes, without touching it: a stream, a blob and a form each say by their
 * kind how long they are and of what type, so that none can be replaced by another.
 */
export function watchSentBody(body: object, watcher: SentBodyWatcher): void {
  subscribeOnce()
  const others = waiting.get(body)
  // The same blob may be sent by several requests at once; they are made in the order of their dispatches.
  if (others === undefined) waiting.set(body, [watcher])
  else others.push(watcher)
}

/** Every copy of undici announces its requests on these channels. */
function subscribeOnce(): void {
  if (subscribed) return
  subscribed = true
  listen('create', ({ request }) => {
    const { body } = request
    const watcher = typeof body === 'object' && body !== null ? waiting.get(body)?.shift() : undefined
    if (watcher !== undefined) watched.set(request, watcher)
  })
  listen('bodyChunkSent', ({ request, chunk }) => watched.get(request)?.onPiece(chunk))
  listen('bodySent', ({ request }) => watched.get(request)?.onSent())
}

function listen(event: string, listener: (message: RequestMessage) => void): void {
  subscribe(`undici:request:${event}`, (message) => {
    try {
      listener(message as RequestMessage)
    } catch {
      // What a subscriber throws ends the process.
    }
  })
}
