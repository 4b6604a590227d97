import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import axios from 'axios'
import * as undici from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { startServer, wait } from './counting-server.ts'
import { errorOf, httpOf, onlyHttp, recordHere, requestBytes } from './record-here.ts'

const text = 'ein wörtlicher Text — 東京 🦊'
const binary = Buffer.from([0, 255, 254, 10, 13, 128, 0xc3])
const url = (base: string): string => `${base}/body`

/** How a body leaves, and what the server has to get (null: what it got before, with nothing recorded). */
const SENDERS: Record<string, { send: (base: string) => Promise<unknown>; expected: Buffer | string }> = {
  'a string over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: text }),
    expected: text,
  },
  'a buffer over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: binary }),
    expected: binary,
  },
  'an array buffer over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: Uint8Array.from(binary).buffer }),
    expected: binary,
  },
  'a view of a larger buffer over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: new Uint8Array(Uint8Array.from(binary).buffer, 1, 4) }),
    expected: binary.subarray(1, 5),
  },
  'search parameters over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: new URLSearchParams({ q: 'a b&ü' }) }),
    expected: 'q=a+b%26%C3%BC',
  },
  'a blob over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: new Blob([text, binary]) }),
    expected: Buffer.concat([Buffer.from(text), binary]),
  },
  'a web stream over fetch': {
    send: (base) => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from(text).subarray(0, 5))
          controller.enqueue(Buffer.from(text).subarray(5))
          controller.close()
        },
      })
      return fetch(url(base), { method: 'POST', body, duplex: 'half' })
    },
    expected: text,
  },
  'a request object over fetch': {
    send: (base) => fetch(new Request(url(base), { method: 'PUT', body: text })),
    expected: text,
  },
  'an empty string over fetch': {
    send: (base) => fetch(url(base), { method: 'POST', body: '' }),
    expected: '',
  },
  'a string over undici': {
    send: (base) => undici.request(url(base), { method: 'POST', body: text }),
    expected: text,
  },
  'a buffer over undici': {
    send: (base) => undici.request(url(base), { method: 'POST', body: binary }),
    expected: binary,
  },
  'a readable over undici': {
    send: (base) => undici.request(url(base), { method: 'POST', body: Readable.from([text, binary]) }),
    expected: Buffer.concat([Buffer.from(text), binary]),
  },
  'an async generator over undici': {
    send: (base) => {
      const body = (async function* () {
        yield Buffer.from(text)
        yield binary
      })()
      return undici.request(url(base), { method: 'POST', body: body as unknown as Readable })
    },
    expected: Buffer.concat([Buffer.from(text), binary]),
  },
  'JSON over axios': {
    send: (base) => axios.post(url(base), { question: text }),
    expected: JSON.stringify({ question: text }),
  },
  'JSON over axios with its fetch adapter': {
    send: (base) => axios.post(url(base), { question: text }, { adapter: 'fetch' }),
    expected: JSON.stringify({ question: text }),
  },
  'a buffer over axios': {
    send: (base) => axios.post(url(base), binary),
    expected: binary,
  },
  'a readable over axios': {
    send: (base) => axios.post(url(base), Readable.from([Buffer.from(text), binary]), { maxRedirects: 0 }),
    expected: Buffer.concat([Buffer.from(text), binary]),
  },
  'several writes in several encodings over http': {
    send: (base) =>
      new Promise((resolve) => {
        const request = http.request(url(base), { method: 'POST' }, (response) => response.resume().on('end', resolve))
        request.write(text)
        request.write('00ff', 'hex')
        request.write(binary)
        request.end('w7w=', 'base64')
      }),
    expected: Buffer.concat([Buffer.from(text), Buffer.from('00ff', 'hex'), binary, Buffer.from('w7w=', 'base64')]),
  },
  'a stream piped over http': {
    send: (base) =>
      new Promise((resolve) => {
        const request = http.request(url(base), { method: 'POST' }, (response) => response.resume().on('end', resolve))
        Readable.from([Buffer.from(text), binary]).pipe(request)
      }),
    expected: Buffer.concat([Buffer.from(text), binary]),
  },
}

for (const [name, { send, expected }] of Object.entries(SENDERS)) {
  test(`the recorded bytes are those that the server got, given ${name}`, async () => {
    const { base, hits } = await startServer()
    const { recording } = await recordHere(() => send(base))
    expect(hits).toHaveLength(1)
    expect(hits[0]?.body).toEqual(Buffer.from(expected))
    expect(requestBytes(onlyHttp(recording)) ?? Buffer.alloc(0)).toEqual(Buffer.from(expected))
    expect(onlyHttp(recording).end?.kind).toBe('complete')
  })
}

const FORMS: Record<string, (base: string, fill: <F extends FormData | undici.FormData>(form: F) => F) => unknown> = {
  fetch: (base, fill) => fetch(url(base), { method: 'POST', body: fill(new FormData()) }),
  'undici fetch': (base, fill) => undici.fetch(url(base), { method: 'POST', body: fill(new undici.FormData()) }),
  'undici request': (base, fill) => undici.request(url(base), { method: 'POST', body: fill(new FormData()) as never }),
  axios: (base, fill) => axios.post(url(base), fill(new FormData())),
}

for (const [name, send] of Object.entries(FORMS)) {
  test(`the recorded bytes are those that the server got, given a form with a file over ${name}`, async () => {
    const { base, hits } = await startServer()
    const { recording } = await recordHere(() =>
      send(base, (form) => {
        form.set('field', text)
        form.set('file', new File([binary], 'datei.bin', { type: 'application/octet-stream' }))
        return form
      }),
    )
    expect(hits).toHaveLength(1)
    const body = hits[0]?.body ?? Buffer.alloc(0)
    expect(hits[0]?.headers['content-type']).toMatch(/^multipart\/form-data; ?boundary=/)
    expect(body.includes(binary)).toBe(true)
    expect(body.includes(text)).toBe(true)
    expect(requestBytes(onlyHttp(recording))).toEqual(body)
  })
}

test('a request without a body is recorded with null, given clients of every door', async () => {
  const { base } = await startServer()
  const { recording } = await recordHere(async () => {
    await fetch(base)
    await undici.request(base)
    await axios.get(base)
  })
  expect(recording.interactions.map((one) => one.kind === 'http' && one.request.body)).toEqual([null, null, null])
})

const REFUSED: Record<string, (base: string) => Promise<unknown>> = {
  'a string over fetch': (base) => fetch(url(base), { method: 'POST', body: text }),
  'a request object over fetch': (base) => fetch(new Request(url(base), { method: 'POST', body: text })),
  'a blob over fetch': (base) => fetch(url(base), { method: 'POST', body: new Blob([text]) }),
  'JSON over axios with its fetch adapter': (base) => axios.post(url(base), text, { adapter: 'fetch' }),
  'JSON over axios': (base) => axios.post(url(base), text),
  'a string over undici': (base) => undici.request(url(base), { method: 'POST', body: text }),
  'a string over undici fetch': (base) => undici.fetch(url(base), { method: 'POST', body: text }),
}

for (const [name, send] of Object.entries(REFUSED)) {
  test(`the body that could not be sent is recorded, given a refused connection and ${name}`, async () => {
    const { base, server } = await startServer()
    await new Promise((resolve) => server.close(resolve))
    const { recording } = await recordHere(() => errorOf(send(base)))
    const http = onlyHttp(recording)
    expect(http.end?.kind).toBe('failed')
    expect(requestBytes(http)?.toString()).toBe(text)
  })
}

test('a blob over undici leaves as it would unrecorded, given its type and size', async () => {
  const { base, hits } = await startServer()
  const blob = new Blob([text], { type: 'text/markdown' })
  const send = async (): Promise<unknown> =>
    (await undici.request(url(base), { method: 'POST', body: blob as never })).body.json()
  await send()
  const { recording } = await recordHere(() => Promise.all([send(), send()]))
  const [plain, ...recorded] = hits
  for (const hit of recorded) expect(hit).toEqual(plain)
  expect(plain?.headers).toMatchObject({ 'content-type': 'text/markdown', 'content-length': String(blob.size) })
  expect(httpOf(recording).map((one) => requestBytes(one)?.toString())).toEqual([text, text])
})

test('what was sent is recorded, given a server that answers before it has the whole body', async () => {
  const server = http.createServer((_request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (let i = 0; i < 50; i++) {
      yield Buffer.alloc(64, 'a')
      await wait(10)
    }
  }
  const send = (): Promise<number> =>
    undici.request(origin, { method: 'POST', body: Readable.from(pieces()) }).then(
      ({ statusCode }) => statusCode,
      () => 0,
    )
  const { recording, result } = await recordHere(send)
  expect(onlyHttp(recording).answer?.status ?? 0).toBe(result)
  expect(requestBytes(onlyHttp(recording))?.toString()).toMatch(/^(a{64})+$/)
})
