import nock from 'nock'
import type { Peer } from './peer.ts'

/** nock as its users write it: one interceptor an answer, matched by method and URL, used up one after the other. */
export const peer: Peer = {
  serve({ exchanges, env }) {
    nock.disableNetConnect()
    for (const { method, url, answer } of exchanges) {
      const { origin, pathname, search } = new URL(url)
      const interceptor = nock(origin).intercept(pathname + search, method)
      if (answer === null) interceptor.delay(60_000).reply(200)
      else interceptor.reply(answer.status, answer.text, answer.headers)
    }
    return env
  },
}
