import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import got from 'got'
import OpenAI from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { model, tool } from '../../src/boundary/doors/function-door.ts'
import { startServer } from './counting-server.ts'
import { functionsOf, httpOf, recordCalls, recordHere } from './record-here.ts'

test('generators and streams work as ever, and all but what is yielded asynchronously is marked as not recorded whole', async () => {
  const numbers = tool('numbers', async function* (to: number) {
    for (let i = 1; i <= to; i++) yield i
  })
  const letters = tool('letters', function* () {
    yield* 'ab'
  })
  const stream = tool('stream', () => Readable.from(['x', 'y']))
  const web = tool('web', () => new Response('body'))
  const { result, calls } = await recordCalls(async () => [
    await Readable.from(numbers(3)).toArray(),
    [...letters()],
    await stream().toArray(),
    await web().text(),
  ])
  expect(result).toEqual([[1, 2, 3], ['a', 'b'], ['x', 'y'], 'body'])
  const [first, ...others] = calls
  expect(first).toMatchObject({ name: 'numbers', value: [1, 2, 3], lossy: undefined })
  expect(others).toMatchObject(['letters', 'stream', 'web'].map((name) => ({ name, lossy: true })))
})

/** A query as builders make it: nothing happens before it is awaited, and each time it is. */
class Query implements PromiseLike<string> {
  runs = 0
  // biome-ignore lint/suspicious/noThenProperty: what is tested
  then<A = string, B = never>(
    done?: ((rows: string) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.runs++
    return sleep(1, `rows ${this.runs}`).then(done, failed)
  }
}

test('a lazy result starts when the agent awaits it and only then, given a query builder', async () => {
  const queries: Query[] = []
  const find = tool('find', () => {
    const query = new Query()
    queries.push(query)
    return query
  })
  const { result, calls } = await recordCalls(async () => {
    find()
    return [await find(), await find().then((rows) => `${rows}.`)]
  })
  expect(result).toEqual(['rows 1', 'rows 1.'])
  expect(queries.map(({ runs }) => runs)).toEqual([0, 1, 1])
  expect(calls).toMatchObject([
    { ended: null },
    { value: 'rows 1', sync: undefined, ended: 'complete' },
    { value: 'rows 1', sync: undefined, ended: 'complete' },
  ])
})

test('what comes after a lazy result belongs to the agent, given a request in its continuation', async () => {
  const { base } = await startServer()
  const find = tool('find', () => new Query())
  const { recording } = await recordHere(async () => {
    await find().then(() => fetch(`${base}/then`))
    await find()
    await fetch(`${base}/await`)
  })
  expect(httpOf(recording).map(({ parent }) => parent)).toEqual([undefined, undefined])
})

test('a promise keeps what it carries, given those of got and of an SDK', async () => {
  const { base, hits } = await startServer()
  const load = tool('load', (path: string) => got(base + path))
  const ask = model('small', () =>
    new OpenAI({ apiKey: 'none', baseURL: base }).chat.completions.create({ model: 'm', messages: [] }),
  )
  const { result, recording } = await recordHere(async () => {
    const page = await load('/page').json<{ path: string }>()
    const { data, response } = await ask().withResponse()
    const again = await ask()
    return [page.path, data.choices[0]?.message.content, response.status, again.choices[0]?.message.content]
  })
  const text = 'answer to /chat/completions'
  expect(result).toEqual(['/page', text, 200, text])
  expect(hits.map(({ path }) => path)).toEqual(['/page', '/chat/completions', '/chat/completions'])
  expect(functionsOf(recording).at(-1)?.value).toMatchObject({ choices: [{ message: { content: text } }] })
})

test('a rejection that nobody handles is reported as ever, given a tool that fails in the background', async () => {
  const reported: unknown[] = []
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => reported.push(error))
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  })
  const error = new Error('nobody listens')
  const fail = tool('fail', async () => {
    throw error
  })
  await recordHere(async () => {
    void fail()
    await fail().catch(() => undefined)
    await sleep(5)
  })
  expect(reported).toEqual([error])
})

test('an emitter that a tool made works on after the tool, given listeners of the agent', async () => {
  const { base } = await startServer()
  const start = tool('start', () => Readable.from(['tick']))
  const { result, recording } = await recordHere(async () => {
    const [piece] = await once(start(), 'data')
    await fetch(`${base}/${piece}`)
    return piece
  })
  expect(result).toBe('tick')
  expect(httpOf(recording)).toHaveLength(1)
})
