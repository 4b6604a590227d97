import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import axios from 'axios'
import got from 'got'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { headerValue, payloadBytes } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { startServer, wait } from './counting-server.ts'
import { READERS } from './read-answer.ts'
import { answerBytes, httpOf, onlyHttp, recordHere } from './record-here.ts'

const readers = Object.entries(READERS)

for (const [name, read] of readers) {
  test(`each piece is recorded with its time and reaches the client as it comes, given ${name}`, async () => {
    const pieces = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n', 'data: [DONE]\n\n']
    let goOn: () => void = () => undefined
    const clientHasFirst = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const { base } = await startServer(async (_hit, response) => {
      response.setHeader('content-type', 'text/event-stream')
      for (const [i, piece] of pieces.entries()) {
        // A client that got nothing before the end would wait for ever.
        if (i === 1) await clientHasFirst
        if (i > 0) await wait(50)
        response.write(piece)
      }
      response.end()
    })
    const { recording, result } = await recordHere(() => read(`${base}/sse`, () => goOn()))
    expect(result.body.toString()).toBe(pieces.join(''))
    const { answer, end } = onlyHttp(recording)
    expect(answer?.chunks.map(([, data]) => data)).toEqual(pieces.map((text) => ({ text })))
    const offsets = answer?.chunks.map(([offset]) => offset) ?? []
    for (const [i, offset] of offsets.entries())
      expect(offset).toBeGreaterThan(i === 0 ? 0 : (offsets[i - 1] ?? 0) + 25)
    expect(end?.offset_ms).toBeGreaterThanOrEqual(offsets.at(-1) ?? 0)
  })

  test(`the bytes of a character cut in two are kept in their pieces, given ${name}`, async () => {
    const fox = Buffer.from('fox 🦊 done')
    const { base } = await startServer(async (_hit, response) => {
      response.write(fox.subarray(0, 6))
      await wait(50)
      response.end(fox.subarray(6))
    })
    const { recording, result } = await recordHere(() => read(base))
    expect(result.body).toEqual(fox)
    const chunks = onlyHttp(recording).answer?.chunks ?? []
    expect(chunks.map(([, data]) => payloadBytes(data))).toEqual([fox.subarray(0, 6), fox.subarray(6)])
  })
}

const CODINGS: Record<string, (text: string) => Buffer> = {
  gzip: (text) => zlib.gzipSync(text),
  'x-gzip': (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  'deflate without header': (text) => zlib.deflateRawSync(text),
  br: (text) => zlib.brotliCompressSync(text),
  zstd: (text) => zlib.zstdCompressSync(text),
  'gzip, br': (text) => zlib.brotliCompressSync(zlib.gzipSync(text)),
  'gzip in two members': (text) => Buffer.concat([zlib.gzipSync(text.slice(0, 9)), zlib.gzipSync(text.slice(9))]),
}

for (const [coding, encode] of Object.entries(CODINGS)) {
  test(`the body is recorded decoded and every client gets what it gets unrecorded, given ${coding}`, async () => {
    const text = JSON.stringify({ text: 'ein Satz '.repeat(20_000), more: '東京' })
    const { base } = await startServer((_hit, response) => {
      response.setHeader('content-type', 'application/json')
      response.setHeader('content-encoding', coding.replace(/ (without|in two).*/, ''))
      response.end(encode(text))
    })
    for (const [, read] of readers) {
      const plain = await read(base).catch((error: Error) => error.message)
      const { recording, result } = await recordHere(() => read(base).catch((error: Error) => error.message))
      expect({ ...(result as object), headers: null }).toEqual({ ...(plain as object), headers: null })
      expect(answerBytes(onlyHttp(recording)).toString()).toBe(text)
    }
  })
}

test('decoded pieces keep their times, given a compressed stream that the server flushes', async () => {
  const pieces = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']
  const { base } = await startServer(async (_hit, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' })
    const gzip = zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH })
    gzip.pipe(response)
    for (const piece of pieces) {
      gzip.write(piece)
      await wait(50)
    }
    gzip.end()
  })
  const { recording } = await recordHere(async () => (await fetch(base)).text())
  const chunks = onlyHttp(recording).answer?.chunks ?? []
  expect(chunks.map(([, data]) => data)).toEqual(pieces.map((text) => ({ text })))
  expect(new Set(chunks.map(([offset]) => offset)).size).toBe(pieces.length)
})

const ODD: Record<string, { coding: string; body: Buffer }> = {
  'a coding that nobody knows': { coding: 'rot13', body: Buffer.from('uryyb') },
  'bytes that are not of their coding': { coding: 'gzip', body: Buffer.from('not gzip at all') },
}

for (const [name, { coding, body }] of Object.entries(ODD)) {
  test(`the bytes are recorded as they came, given ${name}`, async () => {
    const { base } = await startServer((_hit, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(body)
    })
    const { recording } = await recordHere(() => READERS['http.get']?.(base))
    expect(answerBytes(onlyHttp(recording))).toEqual(body)
    expect(onlyHttp(recording).end?.kind).toBe('complete')
  })
}

for (const [name, read] of readers) {
  test(`binary bytes are kept, given ${name}`, async () => {
    const body = randomBytes(1000)
    const { base } = await startServer((_hit, response) => response.end(body))
    const { recording, result } = await recordHere(() => read(base))
    expect(result.body).toEqual(body)
    expect(answerBytes(onlyHttp(recording))).toEqual(body)
  })

  test(`five megabytes are kept, given ${name}`, async () => {
    const body = Buffer.from(`${'0123456789abcde\n'.repeat(327_680)}`)
    const { base } = await startServer((_hit, response) => response.end(body))
    const { recording, result } = await recordHere(() => read(base))
    expect(result.body.equals(body)).toBe(true)
    expect(answerBytes(onlyHttp(recording)).equals(body)).toBe(true)
  })

  test(`an answer without a body is complete, given ${name} and 204 and 304`, async () => {
    const { base } = await startServer(({ path }, response) => response.writeHead(Number(path.slice(1))).end())
    const { recording } = await recordHere(async () => {
      expect((await read(`${base}/204`)).status).toBe(204)
      expect((await read(`${base}/304`)).status).toBe(304)
    })
    const answers = httpOf(recording).map(({ answer, end }) => [answer?.status, answer?.chunks, end?.kind])
    expect(answers).toEqual([
      [204, [], 'complete'],
      [304, [], 'complete'],
    ])
  })

  test(`status text and repeated headers are kept in order, given ${name}`, async () => {
    const { base } = await startServer((_hit, response) => {
      response.writeHead(207, 'Some Words', [
        'Set-Cookie',
        'a=1',
        'X-Order',
        'first',
        'Set-Cookie',
        'b=2',
        'X-Order',
        '2',
      ])
      response.end('x')
    })
    const { recording, result } = await recordHere(() => read(base))
    expect([result.headers['set-cookie']].flat().join()).toMatch(/a=1,\s?b=2/)
    const { answer } = onlyHttp(recording)
    expect(answer).toMatchObject({ status: 207, status_text: 'Some Words' })
    const names = answer?.headers.map(([header]) => header).filter((header) => /set-cookie|x-order/.test(header))
    expect(names).toEqual(['set-cookie', 'x-order', 'set-cookie', 'x-order'])
    expect(headerValue(answer?.headers ?? [], 'x-order')).toBe('first')
  })
}

test('each hop of a redirect is recorded once, given clients that follow', async () => {
  const { base, hits } = await startServer(({ path }, response) => {
    if (path === '/3') response.end('there')
    else response.writeHead(302, { location: `/${Number(path.slice(1)) + 1}` }).end()
  })
  const { recording } = await recordHere(async () => {
    expect(await (await fetch(`${base}/1`)).text()).toBe('there')
    expect((await axios.get(`${base}/1`)).data).toBe('there')
    expect(await got(`${base}/1`).text()).toBe('there')
  })
  expect(hits).toHaveLength(9)
  const hops = httpOf(recording).map(({ door, request, answer }) => [door, request.url, answer?.status])
  const expected = (door: string) => [1, 2, 3].map((hop) => [door, `${base}/${hop}`, hop === 3 ? 200 : 302])
  expect(hops).toEqual([...expected('fetch'), ...expected('http'), ...expected('http')])
  expect(httpOf(recording).every(({ end }) => end?.kind === 'complete')).toBe(true)
})

test('method and body of a redirected POST are recorded as they were sent, given 303 and 307', async () => {
  const { base, hits } = await startServer(({ path }, response) => {
    if (path === '/there') response.end('there')
    else response.writeHead(Number(path.slice(1)), { location: '/there' }).end()
  })
  const { recording } = await recordHere(async () => {
    for (const status of [303, 307]) await fetch(`${base}/${status}`, { method: 'POST', body: 'question' })
  })
  const asked = httpOf(recording).map(({ request }) => [request.method, new URL(request.url).pathname, request.body])
  expect(asked).toEqual([
    ['POST', '/303', { text: 'question' }],
    ['GET', '/there', null],
    ['POST', '/307', { text: 'question' }],
    ['POST', '/there', { text: 'question' }],
  ])
  expect(hits.map(({ method, body }) => [method, body.toString()])).toEqual(
    asked.map(([method, , body]) => [method, body === null ? '' : 'question']),
  )
})

test('the final head is recorded, given a server that sends early hints first', async () => {
  const { base } = await startServer((_hit, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end('final')
  })
  for (const [, read] of readers) {
    const { recording, result } = await recordHere(() => read(base))
    expect(result.body.toString()).toBe('final')
    expect(onlyHttp(recording).answer?.status).toBe(200)
  }
})

test('HEAD is complete without a body, given an answer that announces one', async () => {
  const { base } = await startServer((_hit, response) => {
    response.writeHead(200, { 'content-length': 1000, 'content-encoding': 'gzip' }).end()
  })
  const { recording } = await recordHere(async () => {
    await fetch(base, { method: 'HEAD' })
    await axios.head(base)
  })
  expect(httpOf(recording).map(({ answer, end }) => [answer?.chunks, end?.kind])).toEqual([
    [[], 'complete'],
    [[], 'complete'],
  ])
})

test('an SDK streams as ever and its events are recorded, given openai', async () => {
  const events = ['He', 'llo'].map((content) => ({ choices: [{ index: 0, delta: { content } }] }))
  const lines = [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n']
  const { base } = await startServer(async (_hit, response) => {
    response.setHeader('content-type', 'text/event-stream')
    for (const line of lines) {
      response.write(line)
      await wait(20)
    }
    response.end()
  })
  const { recording, result } = await recordHere(async () => {
    const client = new OpenAI({ apiKey: 'none', baseURL: base })
    const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true })
    let text = ''
    for await (const event of stream) text += event.choices[0]?.delta.content ?? ''
    return text
  })
  expect(result).toBe('Hello')
  expect(onlyHttp(recording).answer?.chunks.map(([, data]) => data)).toEqual(lines.map((text) => ({ text })))
  // The client breaks off at `[DONE]`, while the connection is still open: that is what happened, and no failure.
  expect(onlyHttp(recording).end?.kind).toBe('aborted')
  expect(projectRun(recording).spans).toMatchObject([{ step_type: 'llm_generate', status: 'ok', error_class: null }])
})

test('recorded bytes are those that came, given a client that overwrites what it was handed', async () => {
  const { base } = await startServer((_hit, response) => response.end('precious'))
  for (const name of ['undici request', 'http.get']) {
    const { recording } = await recordHere(() => READERS[name]?.(base, (piece) => void piece.fill(0)))
    expect(answerBytes(onlyHttp(recording)).toString()).toBe('precious')
  }
})
