import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import type { Peer } from './peer.ts'

const VERBS = { GET: http.get, POST: http.post } as const

/** msw as its users write it: one handler an answer, matched by method and path, used up one after the other. */
export const peer: Peer = {
  serve({ exchanges, env }) {
    const handlers = exchanges.map(({ method, url, answer }) => {
      const { origin, pathname } = new URL(url)
      const respond = async (): Promise<Response> => {
        if (answer === null) await delay('infinite')
        return answer === null ? HttpResponse.error() : new HttpResponse(bodyOf(answer.text), answer)
      }
      return VERBS[method as keyof typeof VERBS](origin + pathname, respond, { once: true })
    })
    setupServer(...handlers).listen({ onUnhandledRequest: 'error' })
    return env
  },
}

/** As a stream, since clients of streams hang on a body that is none. */
function bodyOf(text: string): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
}
