import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { isRetrialError } from '../../src/core/errors.ts'
import { isJsonObject, parseJson } from '../../src/core/json.ts'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import type { ImportResult } from '../../src/interchange/foreign-format.ts'
import { importHar } from '../../src/interchange/import-har.ts'
import {
  answerText,
  type HttpAnswer,
  type HttpInteraction,
  headerValue,
  payloadBytes,
} from '../../src/model/interaction.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/har')
const FILES = existsSync(CORPUS) ? globSync('**/*.har', { cwd: CORPUS }).sort() : []

function importFile(file: string): ImportResult {
  return importHar(readFileSync(join(CORPUS, file), 'utf8'), { path: file })
}

/** Every interaction beside its entry in the file, for files whose entries stand in order of time. */
function eachInteraction(visit: (interaction: HttpInteraction, answer: HttpAnswer, entry: CorpusEntry) => void): void {
  for (const file of FILES) {
    const { log } = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as { log: { entries: CorpusEntry[] } }
    const { interactions } = importFile(file)
    expect(interactions).toHaveLength(log.entries.length)
    interactions.forEach((interaction, i) => {
      const entry = log.entries[i] as CorpusEntry
      expect(new URL(entry.request.url).href).toBe(interaction.request.url)
      visit(interaction, interaction.answer as HttpAnswer, entry)
    })
  }
}

interface CorpusEntry {
  request: { url: string; postData?: { text: string } }
  response: { status: number; content: { text: string; encoding?: string } }
}

/** The body of a corpus entry, decoded by the shortest means: no other coding than gzip occurs in chunk lists there. */
function plainText({ text, encoding }: CorpusEntry['response']['content']): Buffer {
  if (encoding !== 'base64') return Buffer.from(text)
  if (!text.startsWith('[')) return Buffer.from(text, 'base64')
  return gunzipSync(Buffer.concat((JSON.parse(text) as string[]).map((part) => Buffer.from(part, 'base64'))))
}

test.skipIf(FILES.length === 0)('imports or refuses every HAR of real SDKs, none unaccounted for', () => {
  let imported = 0
  let interactions = 0
  const refused: string[] = []
  for (const file of FILES) {
    try {
      const result = importFile(file)
      imported++
      interactions += result.interactions.length
      expect(result.report.replayable).toBe(true)
    } catch (error) {
      if (!isRetrialError(error)) throw error
      refused.push(`${file} ${error.code}`)
    }
  }
  expect(refused).toEqual([])
  expect({ files: FILES.length, imported, interactions }).toEqual({ files: 68, imported: 68, interactions: 102 })
})

test.skipIf(FILES.length === 0)('detects every HAR', () => {
  for (const file of FILES) expect(detectFormat(readFileSync(join(CORPUS, file), 'utf8'))).toBe('har')
})

test.skipIf(FILES.length === 0)(
  'decodes every body of real SDKs: JSON parses, SSE starts with a field, bytes are kept',
  () => {
    const kinds: Record<string, number> = {}
    eachInteraction((interaction, answer, { request, response }) => {
      const bytes = Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data)))
      expect(bytes.equals(plainText(response.content))).toBe(true)
      if (request.postData) expect(interaction.request.body).toEqual({ text: request.postData.text })
      const type = (headerValue(answer.headers, 'content-type') ?? '').split(';')[0] as string
      kinds[type] = (kinds[type] ?? 0) + 1
      if (type === 'application/json') expect(isJsonObject(parseJson(answerText(answer)))).toBe(true)
      if (type === 'text/event-stream') expect(answerText(answer)).toMatch(/^(data|event):/)
      if (type === 'application/vnd.amazon.eventstream') expect(bytes.readUInt32BE(0)).toBeLessThanOrEqual(bytes.length)
    })
    expect(kinds).toEqual({
      'application/json': 84,
      'text/event-stream': 8,
      'application/vnd.amazon.eventstream': 6,
      'application/stream+json': 1,
      'text/plain': 3,
    })
  },
)

test.skipIf(FILES.length === 0)('keeps every imported run when it is saved and read again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-corpus-'))
  try {
    for (const [i, file] of FILES.entries()) {
      const { run, runtime, interactions, notes } = importFile(file)
      const path = join(folder, `${i}.jsonl`)
      const rest = { format: 'retrial/1', input: null, redaction: null, finish: null, integrity: 'sealed' } as const
      saveRecording(path, { ...rest, run, runtime, interactions, notes }, { sync: false })
      expect(await readRecording(path, { mode: 'strict' })).toMatchObject({ run, interactions, notes })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

interface Completion {
  choices: { message?: { content?: string | null }; delta?: { content?: string | null } }[]
}

test.skipIf(FILES.length === 0)('gives the openai SDK the answers that the HARs hold', async () => {
  const cases: { interaction: HttpInteraction; body: string }[] = []
  eachInteraction((interaction, _answer, entry) => {
    const isChat = /\/chat\/completions$/.test(new URL(interaction.request.url).pathname)
    if (isChat && entry.response.status === 200)
      cases.push({ interaction, body: String(plainText(entry.response.content)) })
  })
  let streamed = 0
  for (const { interaction, body } of cases) {
    const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => toResponse(interaction) })
    const request = JSON.parse(String(payloadBytes(interaction.request.body ?? { text: '{}' })))
    if (request.stream === true) {
      streamed++
      const stream = (await client.chat.completions.create(request)) as unknown as AsyncIterable<Completion>
      let text = ''
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? ''
      expect(text).toBe(streamedText(body))
    } else {
      const completion = (await client.chat.completions.create(request)) as Completion
      expect(completion.choices[0]?.message?.content).toBe(
        (JSON.parse(body) as Completion).choices[0]?.message?.content,
      )
    }
  }
  expect({ cases: cases.length, streamed }).toEqual({ cases: 22, streamed: 6 })
})

test('gives the openai SDK the answer of a HAR whose body is a list of coded chunks', async () => {
  const answer = {
    id: 'x',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße' } }],
  }
  const packed = gzipSync(JSON.stringify(answer))
  const parts = [packed.subarray(0, 10), packed.subarray(10)].map((part) => part.toString('base64'))
  const entry = {
    startedDateTime: '2026-03-01T10:00:00.000Z',
    time: 5,
    request: {
      method: 'POST',
      url: 'https://api.openai.com/v1/chat/completions',
      headers: [],
      postData: { text: '{}' },
    },
    response: {
      status: 200,
      headers: [
        { name: 'content-type', value: 'application/json' },
        { name: 'content-encoding', value: 'gzip' },
      ],
      content: { encoding: 'base64', text: JSON.stringify(parts) },
    },
  }
  const { interactions } = importHar(JSON.stringify({ log: { entries: [entry] } }), { path: 'run.har' })
  const fetch = async () => toResponse(interactions[0] as HttpInteraction)
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch })
  const completion = await client.chat.completions.create({ model: 'm', messages: [] })
  expect(completion.choices[0]?.message.content).toBe('Grüße')
})

function toResponse({ answer }: HttpInteraction): Response {
  if (answer === null) throw new TypeError('fetch failed')
  const body = Buffer.concat(answer.chunks.map(([, data]) => payloadBytes(data)))
  return new Response(body, { status: answer.status, headers: answer.headers })
}

function streamedText(body: string): string {
  return body
    .split('\n')
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line) => (JSON.parse(line.slice(5)) as Completion).choices[0]?.delta?.content ?? '')
    .join('')
}
