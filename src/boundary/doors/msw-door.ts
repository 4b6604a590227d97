import { syncBuiltinESMExports } from 'node:module'
import { ClientRequestInterceptor } from '@mswjs/interceptors/ClientRequest'
import { HttpResponse, http } from 'msw'
import { SetupServerApi } from 'msw/node'
import { doNothing } from '../../core/nothing.ts'
import { currentContext, type ServedExchange } from '../tape.ts'
import { withoutCoding } from './headers.ts'

const NULL_BODY = new Set([204, 205, 304])

/**
 * Answers clients of `node:http` from the tape, through msw with one catch-all handler.
 * Only its interceptor for `ClientRequest` is used: `fetch` and undici have doors of their own.
 */
export function armMswDoor(): void {
  const interceptor = new ClientRequestInterceptor()
  // msw rethrows what a handler throws; as the client's error it keeps its class and code.
  interceptor.on('unhandledException', ({ error, controller }) => controller.errorWith(error as Error))
  const server = new SetupServerApi([http.all('*', ({ request }) => answer(request))], [interceptor])
  // msw prints unhandled exceptions unless somebody listens.
  server.events.on('unhandledException', doNothing)
  server.listen({ onUnhandledRequest: 'bypass' })
  syncBuiltinESMExports()
}

async function answer(request: Request): Promise<Response> {
  const context = currentContext()
  if (context === null) throw new Error('a request left the agent outside of every run')
  const decision = context.tape.http(
    {
      door: 'http',
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
    },
    context.parent,
  )
  if (decision.kind !== 'serve') throw new Error('the tape of a replay let a request proceed')
  const { exchange } = decision
  request.signal.addEventListener('abort', () => exchange.abort(request.signal.reason), { once: true })
  const head = await exchange.head
  const headers = new Headers(withoutCoding(head.headers) as [string, string][])
  // Without a length the adapter leaves keep-alive clients waiting for the end.
  headers.set('transfer-encoding', 'chunked')
  const body = NULL_BODY.has(head.status) ? null : toStream(exchange)
  return new HttpResponse(body, { status: head.status, statusText: head.status_text, headers })
}

function toStream(exchange: ServedExchange): ReadableStream<Uint8Array> {
  const chunks = exchange.body()[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await chunks.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      } catch (error) {
        controller.error(error)
      }
    },
    cancel(reason) {
      exchange.abort(reason)
    },
  })
}
