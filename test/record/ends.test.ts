import http from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import axios from 'axios'
import got from 'got'
import OpenAI from 'openai'
import * as undici from 'undici'
import { expect, test } from 'vitest'
import { describeError } from '../../src/boundary/network-error.ts'
import { type HttpInteraction, headerValue } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { classifyHttp } from '../../src/trace/classify-error.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { startServer, wait } from './counting-server.ts'
import { READERS, type Reader } from './read-answer.ts'
import { errorOf, httpOf, onlyHttp, recordHere } from './record-here.ts'

/** A server that does to a request what its path says. */
async function startFaultyServer(): Promise<string> {
  const { base } = await startServer(async ({ path }, response) => {
    const { socket } = response
    if (path === '/hang') return
    if (path === '/reset') return socket?.resetAndDestroy()
    if (path === '/close') return socket?.destroy()
    if (path === '/no-http') return socket?.end('220 mail.example ready\r\n\r\n')
    if (path === '/short') response.setHeader('content-length', 100)
    response.write('first')
    if (path === '/stall') return
    await wait(30)
    if (path === '/cut-reset') socket?.resetAndDestroy()
    else socket?.destroy()
  })
  return base
}

async function startNobody(): Promise<string> {
  const { base, server } = await startServer()
  await new Promise((resolve) => server.close(resolve))
  return base
}

/** What a client saw: the classes, names, messages and codes of its error and of all causes. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await errorOf(promise)
  const classes: unknown[] = []
  for (let next: unknown = error; next instanceof Error && classes.length < 9; next = next.cause) {
    classes.push([next.constructor.name, Object.prototype.toString.call(next)])
  }
  return { ...describeError(error), classes }
}

/** What the recording says of the one request. */
function endOf(recording: Recording): unknown {
  const { end, answer } = onlyHttp(recording)
  const chunks = answer === null ? null : answer.chunks.map(([, data]) => data)
  return { kind: end?.kind, error_class: classifyHttp(onlyHttp(recording), true), chunks }
}

const before = (kind: string, error_class: string) => ({ kind, error_class, chunks: null })
const within = (kind: string, error_class: string) => ({ kind, error_class, chunks: [{ text: 'first' }] })

const FAULTS: Record<string, { path: string; expected: unknown }> = {
  'a connection that is reset before the head': { path: '/reset', expected: before('failed', 'connection') },
  'a connection that is closed before the head': { path: '/close', expected: before('failed', 'connection') },
  'an answer that is no HTTP': { path: '/no-http', expected: before('failed', 'connection') },
  'a connection that is closed within the body': { path: '/cut', expected: within('cut', 'connection') },
  'a connection that is reset within the body': { path: '/cut-reset', expected: within('cut', 'connection') },
  'a body that is shorter than announced': { path: '/short', expected: within('cut', 'connection') },
}

for (const [client, read] of Object.entries(READERS)) {
  for (const [fault, { path, expected }] of Object.entries(FAULTS)) {
    test(`the client sees what it sees unrecorded and the end is recorded, given ${fault} over ${client}`, async () => {
      const base = await startFaultyServer()
      const plain = await outcomeOf(read(base + path))
      const { recording, result } = await recordHere(() => outcomeOf(read(base + path)))
      expect(result).toEqual(plain)
      expect(endOf(recording)).toEqual(expected)
    })
  }

  test(`the client sees what it sees unrecorded and the end is recorded, given nobody there over ${client}`, async () => {
    const base = await startNobody()
    const plain = await outcomeOf(read(base))
    const { recording, result } = await recordHere(() => outcomeOf(read(base)))
    expect(result).toEqual(plain)
    expect(endOf(recording)).toEqual(before('failed', 'connection'))
    expect(onlyHttp(recording).end?.error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' })
  })

  test(`the client sees what it sees unrecorded and the end is recorded, given no such host over ${client}`, async () => {
    const url = 'http://nowhere.invalid/'
    const plain = await outcomeOf(read(url))
    const { recording, result } = await recordHere(() => outcomeOf(read(url)))
    expect(result).toEqual(plain)
    expect(endOf(recording)).toEqual(before('failed', 'dns'))
    expect(onlyHttp(recording).end?.error).toMatchObject({ syscall: 'getaddrinfo' })
  })

  test(`the abort is recorded when it happens, given ${client} that gives up before the head`, async () => {
    const base = await startFaultyServer()
    const giveUp = (): Promise<unknown> => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      return outcomeOf(read(`${base}/hang`, undefined, controller.signal))
    }
    const plain = await giveUp()
    const { recording, result } = await recordHere(giveUp)
    expect(result).toEqual(plain)
    expect(endOf(recording)).toEqual(before('aborted', 'aborted'))
    // The timer starts a moment before the request leaves.
    expect(onlyHttp(recording).end?.offset_ms).toBeGreaterThan(25)
  })

  test(`the abort is recorded with what came before it, given ${client} that gives up within the body`, async () => {
    const base = await startFaultyServer()
    const giveUp = (): Promise<unknown> => {
      const controller = new AbortController()
      return outcomeOf(read(`${base}/stall`, () => controller.abort(), controller.signal))
    }
    const plain = await giveUp()
    const { recording, result } = await recordHere(giveUp)
    expect(result).toEqual(plain)
    expect(endOf(recording)).toEqual(within('aborted', 'aborted'))
    const { answer, end } = onlyHttp(recording)
    expect(end?.offset_ms).toBeGreaterThanOrEqual(answer?.chunks[0]?.[0] ?? Number.POSITIVE_INFINITY)
  })

  test(`no request is left open, given ${client} whose signal was aborted before`, async () => {
    const { base, hits } = await startServer()
    const giveUp = (): Promise<unknown> => outcomeOf(read(base, undefined, AbortSignal.abort()))
    const plain = await giveUp()
    const { recording, result } = await recordHere(giveUp)
    expect(result).toEqual(plain)
    expect(hits).toEqual([])
    expect(httpOf(recording).every(({ end, answer }) => end?.kind === 'aborted' && answer === null)).toBe(true)
  })
}

const hang = (request: http.ClientRequest): Promise<never> =>
  new Promise((_resolve, reject) => {
    request.on('error', reject).end()
  })

/** Ways in which a client says that it does not wait any longer. */
const TIMEOUTS: Record<string, (url: string) => Promise<unknown>> = {
  'AbortSignal.timeout over fetch': (url) => fetch(url, { signal: AbortSignal.timeout(60) }),
  'AbortSignal.timeout over undici request': (url) => undici.request(url, { signal: AbortSignal.timeout(60) }),
  'AbortSignal.timeout over http': (url) => hang(http.request(url, { signal: AbortSignal.timeout(60) })),
  'the option of axios': (url) => axios.get(url, { timeout: 60 }),
  'the option of got': (url) => got(url, { timeout: { request: 60 }, retry: { limit: 0 } }),
  'an idle socket that is destroyed without a reason over http': (url) => {
    const request = http.request(url, { timeout: 60 })
    return hang(request.on('timeout', () => request.destroy()))
  },
  'an idle socket that is destroyed with a reason over http': (url) => {
    const request = http.request(url)
    return hang(request.setTimeout(60, () => request.destroy(new Error('the search timed out'))))
  },
}

for (const [name, ask] of Object.entries(TIMEOUTS)) {
  test(`giving up is recorded as a time-out, given ${name}`, async () => {
    const url = `${await startFaultyServer()}/hang`
    const plain = await outcomeOf(ask(url))
    const { recording, result } = await recordHere(() => outcomeOf(ask(url)))
    expect(result).toEqual(plain)
    expect(endOf(recording)).toEqual(before('aborted', 'timeout'))
    expect(projectRun(recording).spans).toMatchObject([{ step_type: 'http_request', error_class: 'timeout' }])
  })
}

test('the time-out of the client itself is a failure, given undici and its limit for the head', async () => {
  const url = `${await startFaultyServer()}/hang`
  const dispatcher = new undici.Agent({ headersTimeout: 100 })
  const ask = (): Promise<unknown> => outcomeOf(undici.request(url, { dispatcher }))
  const plain = await ask()
  const { recording, result } = await recordHere(ask)
  expect(result).toEqual(plain)
  expect(onlyHttp(recording).end?.error?.code).toBe('UND_ERR_HEADERS_TIMEOUT')
  expect(endOf(recording)).toEqual(before('failed', 'timeout'))
})

const SDKS: Record<string, (base: string) => Promise<unknown>> = {
  openai: (baseURL) =>
    new OpenAI({ apiKey: 'none', baseURL, maxRetries: 1 }).chat.completions.create(
      { model: 'm', messages: [] },
      { timeout: 1000 },
    ),
  anthropic: (baseURL) =>
    new Anthropic({ apiKey: 'none', baseURL, timeout: 1000, maxRetries: 1 }).messages.create({
      model: 'm',
      max_tokens: 9,
      messages: [],
    }),
}

for (const [name, ask] of Object.entries(SDKS)) {
  test(`each attempt is recorded as timed out, given the time limit and the retries of ${name}`, async () => {
    const { base, hits } = await startServer(() => undefined)
    const [plain, { recording, result }] = await Promise.all([
      outcomeOf(ask(base)),
      recordHere(() => outcomeOf(ask(base))),
    ])
    expect(hits).toHaveLength(4)
    expect(result).toEqual(plain)
    expect(httpOf(recording).map((one) => classifyHttp(one, true))).toEqual(['timeout', 'timeout'])
    const [span, ...more] = projectRun(recording).spans
    expect(more).toEqual([])
    expect(span).toMatchObject({ step_type: 'llm_generate', error_class: 'timeout', interactions: ['c1', 'c2'] })
  })
}

test('a body that the client drops is aborted, or complete once all of it has come, given each way to drop it', async () => {
  const { base } = await startServer(({ path }, response) => {
    if (path === '/known') response.setHeader('content-length', 5)
    response.write('whole')
    if (path === '/ended') response.end()
  })
  const drop: Record<string, Reader> = {
    fetch: async (url) => {
      const { body } = await fetch(url)
      const reader = body?.getReader()
      await reader?.read()
      await reader?.cancel()
      return { status: 0, headers: {}, body: Buffer.alloc(0) }
    },
    http: (url) =>
      new Promise((resolve) => {
        http.get(url, (response) => {
          response.once('data', () => {
            response.destroy()
            resolve({ status: 0, headers: {}, body: Buffer.alloc(0) })
          })
        })
      }),
  }
  for (const read of Object.values(drop)) {
    const { recording } = await recordHere(async () => {
      await read(`${base}/open`)
      await read(`${base}/known`)
    })
    const kinds = httpOf(recording).map(({ end }: HttpInteraction) => end?.kind)
    expect(kinds).toEqual(['aborted', 'complete'])
  }
})

test('the head of an answer that nobody reads is recorded and no error, given a run that ends before the body', async () => {
  const { base } = await startServer((_hit, response) => {
    response.writeHead(202, { 'x-job': '17' }).write('never read to its end')
  })
  const ways: ((url: string) => Promise<number>)[] = [
    async (url) => (await fetch(url)).status,
    (url) => new Promise((resolve) => http.get(url, ({ statusCode = 0 }) => resolve(statusCode))),
  ]
  for (const ask of ways) {
    const { recording, result } = await recordHere(() => ask(base))
    expect(result).toBe(202)
    const { answer, end } = onlyHttp(recording)
    expect([answer?.status, headerValue(answer?.headers ?? [], 'x-job'), end]).toEqual([202, '17', null])
    expect(projectRun(recording).spans).toMatchObject([{ step_type: 'http_request', status: 'ok', error_class: null }])
  }
})
