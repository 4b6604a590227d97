import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalServer, serve } from '../support/serve.ts'
import { openCourt, outputOf } from './court.ts'

const court = openCourt()
const LOCATIONS: Record<string, string> = { '/ftp': 'ftp://files.test/a', '/bad': 'http://[' }
let server: LocalServer
let origin = ''
beforeAll(async () => {
  server = await serve(async (request, response) => {
    const { method, url = '' } = request
    let text = ''
    for await (const piece of request) text += String(piece)
    const location = LOCATIONS[url]
    if (location === undefined) response.end(`${method?.toUpperCase()} ${url} ${text}`)
    else response.writeHead(302, { location }).end()
  })
  origin = server.origin
})
afterAll(() => {
  court.close()
  server.close()
})

test('fetch refuses in a replay what it refuses in life, and nothing of that is asked', async () => {
  const agent = court.agent(`
    const tell = (error: any): unknown => typeof error !== 'object' ? error : [error.name, error.code, error.message, error.cause && tell(error.cause)]
    export const run = async ({ origin }: { origin: string }) => {
      const broken = () => new ReadableStream({ pull(controller) { controller.error(new Error('of the body')) } })
      const calls: [string, any?][] = [
        ['/aborted', { signal: AbortSignal.abort('before') }],
        ['/aborted', { signal: AbortSignal.abort(), method: 'POST', body: new Blob(['a']) }],
        ['/aborted', { signal: AbortSignal.abort(), cache: 'no-store' }],
        ['/get', { body: 'a' }],
        ['/head', { method: 'HEAD', body: 'a' }],
        ['/trace', { method: 'TRACE' }],
        ['/method', { method: 'a b' }],
        ['/mode', { mode: 'navigate' }],
        ['/redirect', { redirect: 'else' }],
        ['/signal', { signal: {} }],
        ['/init', 'a'],
        ['/broken', { method: 'POST', body: broken(), duplex: 'half' }],
        ['/half', { method: 'POST', body: broken() }],
        ['/ftp'],
        ['/bad'],
        ['ftp://files.test/a'],
        ['localhost:3000/a'],
      ]
      const seen: unknown[] = []
      for (const [path, init] of calls) {
        const url = path.startsWith('/') ? origin + path : path
        seen.push([path, await fetch(url, init).then(({ status }) => status, tell)])
      }
      return JSON.parse(JSON.stringify(seen))
    }`)
  const live = await court.record(agent, { origin })
  const replay = await court.replay(agent, live)
  expect([replay.divergences, replay.outcome]).toEqual([[], 'finished'])
  expect(outputOf(replay)).toEqual(live.output)
  expect((live.output as unknown[][]).every(([, came]) => typeof came !== 'number')).toBe(true)
})

test('a response is in a replay what it is in life, given what clients ask of one', async () => {
  const agent = court.agent(`
    export const run = async ({ origin }: { origin: string }) => {
      const head = await fetch(origin + '/head', { method: 'HEAD' })
      const lower = await fetch(origin + '/lower', { method: 'post', body: 'a' })
      const anchored = await fetch(new Request(origin + '/anchored#part'))
      const change = (name: string) => { try { (lower.headers as any)[name]('x-own', '1'); return 'changed' } catch (error) { return String(error) } }
      return [
        head.body === null, await head.text(), await lower.text(), lower.constructor === Response, lower.headers instanceof Headers,
        ...['set', 'append', 'delete'].map(change), anchored.url.replace(origin, ''), await anchored.text(),
      ]
    }`)
  const live = await court.record(agent, { origin })
  const replay = await court.replay(agent, live)
  expect(replay.grades.every((grade) => grade === 'exact')).toBe(true)
  expect(outputOf(replay)).toEqual(live.output)
})

test.for([
  ['fetch', `await (await fetch(url, { method: 'POST', body: ReadableStream.from(pieces()), duplex: 'half' })).text()`],
  ['undici', `await (await undici.request(url, { method: 'POST', body: pieces() })).body.text()`],
] as const)('an upload that takes its time takes it once, given %s', async ([, ask]) => {
  const agent = court.agent(`
    import undici from 'undici'
    async function* pieces() {
      yield Buffer.from('one ')
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      yield Buffer.from('two')
    }
    export const run = async ({ origin }: { origin: string }) => {
      const url = origin + '/upload'
      const began = performance.now()
      void undici
      const text = ${ask}
      return [text, Math.round((performance.now() - began) / 1_000)]
    }`)
  const live = await court.record(agent, { origin })
  const replay = await court.replay(agent, live)
  expect(live.output).toEqual(['POST /upload one two', 2])
  expect([replay.grades, outputOf(replay)]).toEqual([['exact'], live.output])
})
