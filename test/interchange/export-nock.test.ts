import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import nock from 'nock'
import OpenAI from 'openai'
import { afterAll, afterEach, expect, test } from 'vitest'
import { exportNock } from '../../src/interchange/export-nock.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import { importNock } from '../../src/interchange/import-nock.ts'
import { answerText, type HttpAnswer, type HttpInteraction, type Payload } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'

afterEach(() => nock.cleanAll())
afterAll(() => nock.restore())

const url = 'https://api.openai.com/v1/chat/completions'
const asked = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Grüße' }] }

function call(
  status: number,
  type: string,
  answer: Payload,
  extra: object = {},
  request: object = asked,
): HttpInteraction {
  const headers: HttpAnswer['headers'] = [
    ['content-type', type],
    ['content-encoding', 'gzip'],
    ['x-id', '1'],
    ['x-id', '2'],
  ]
  return {
    ...{ kind: 'http', id: 'c1', door: 'fetch', started_ms: 0, end: { kind: 'complete', offset_ms: 9 } },
    request: { method: 'POST', url, headers: [], body: { text: JSON.stringify(request) } },
    answer: { status, status_text: '', headers, headers_ms: 5, chunks: [[9, answer]] },
    ...extra,
  }
}

function completion(content: string): Payload {
  return {
    text: JSON.stringify(
      { id: 'x', object: 'chat.completion', choices: [{ index: 0, message: { content } }] },
      null,
      2,
    ),
  }
}

function record(...interactions: HttpInteraction[]): Recording {
  return {
    ...{
      format: 'retrial/1',
      input: null,
      redaction: null,
      interactions,
      notes: [],
      finish: null,
      integrity: 'sealed',
    },
    run: { run_id: 'run_1', trace_id: 't', started_at: 0 },
    runtime: { node: '24', platform: 'linux' },
  }
}

function define(...interactions: HttpInteraction[]): void {
  nock.disableNetConnect()
  nock.define(JSON.parse(exportNock(record(...interactions)).text))
}

const client = new OpenAI({ apiKey: 'none', maxRetries: 0 })

test('serves the answers of a recording to the openai SDK through nock, equal requests in their order', async () => {
  const streamed = { ...asked, stream: true }
  const sse = ['Hel', 'lo'].map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
  define(
    call(429, 'application/json', { text: '{"error":{"message":"slow down"}}' }),
    call(200, 'application/json', completion('one')),
    call(200, 'application/json', completion('two')),
    call(200, 'text/event-stream', { text: `${sse.join('')}data: [DONE]\n\n` }, {}, streamed),
  )
  const ask = () =>
    client.chat.completions.create(asked as never) as Promise<{ choices: { message: { content: string } }[] }>
  await expect(ask()).rejects.toMatchObject({ status: 429, message: expect.stringContaining('slow down') })
  expect((await ask()).choices[0]?.message.content).toBe('one')
  const stream = (await client.chat.completions.create(streamed as never)) as unknown as AsyncIterable<{
    choices: { delta: { content: string } }[]
  }>
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content
  expect(text).toBe('Hello')
  expect((await ask()).choices[0]?.message.content).toBe('two')
  expect(nock.isDone()).toBe(true)
  await expect(ask()).rejects.toThrow()
})

test('serves bytes, texts that look like JSON, empty answers and headers as they were', async () => {
  const get = (path: string, type: string, answer: Payload | null): HttpInteraction => {
    const one = call(200, type, answer ?? { text: '' }, {
      request: { method: 'GET', url: `http://127.0.0.1:8080${path}`, headers: [], body: null },
    })
    return answer === null ? { ...one, answer: { ...(one.answer as HttpAnswer), chunks: [] } } : one
  }
  define(
    get('/bytes?a=1&a=%20', 'image/png', { base64: '/wAB' }),
    get('/text', 'text/plain', { text: '"quoted"' }),
    get('/number', 'text/plain', { text: '12' }),
    get('/empty', 'text/plain', null),
  )
  const read = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:8080${path}`)
    return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers }
  }
  const { bytes, headers } = await read('/bytes?a=1&a=%20')
  expect([...bytes]).toEqual([0xff, 0, 1])
  expect(headers.get('content-type')).toBe('image/png')
  expect(headers.get('x-id')).toBe('1, 2')
  expect(String((await read('/text')).bytes)).toBe('"quoted"')
  expect(String((await read('/number')).bytes)).toBe('12')
  expect((await read('/empty')).bytes).toHaveLength(0)
})

test('leaves out requests without a whole answer, and says what a fixture loses', () => {
  const failed = call(200, 'a/b', { text: 'x' }, { answer: null, end: { kind: 'failed', offset_ms: 1 } })
  const cut = call(200, 'a/b', { text: 'x' }, { end: { kind: 'cut', offset_ms: 1 } })
  const { text, lost, kept } = exportNock(record(failed, cut, call(200, 'application/json', { text: '{}' })))
  expect(JSON.parse(text)).toHaveLength(1)
  expect(kept).toEqual(['1 request with the answer'])
  expect(lost).toEqual([
    'requests without a whole answer (2): nock would send them nowhere',
    'times, chunks and request headers',
  ])
})

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/har')

test.skipIf(!existsSync(CORPUS))(
  'gives the same questions and answers when a fixture made of a HAR of a real SDK is imported',
  () => {
    let compared = 0
    for (const file of globSync('**/*.har', { cwd: CORPUS }).sort()) {
      const before = importHar(readFileSync(join(CORPUS, file), 'utf8'), { path: file })
      const { text } = exportNock({ ...record(), interactions: before.interactions })
      const after = importNock(text, { path: file })
      expect(after.interactions.map(outline)).toEqual(before.interactions.map(outline))
      compared += after.interactions.length
    }
    expect(compared).toBe(102)
  },
)

/** What is asked and answered, JSON by its value. */
function outline({ request, answer }: HttpInteraction): unknown {
  const jsonOf = (text: string) => {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  const body = request.body === null ? null : 'text' in request.body ? jsonOf(request.body.text) : request.body
  return [request.method, request.url, body, answer?.status, jsonOf(answerText(answer as HttpAnswer))]
}

test('leaves out what went to a child process, and says so', () => {
  const over = (door: 'fetch' | 'stdio') => call(200, 'application/json', completion('x'), { door })
  const { text, kept, lost } = exportNock(record(over('fetch'), over('stdio')))
  expect(JSON.parse(text)).toHaveLength(1)
  expect(kept).toEqual(['1 request with the answer'])
  expect(lost).toContain('1 message to an MCP server without HTTP')
})
