import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readRecording } from '../../src/recording/read-recording.ts'
import { buildEntry, buildHar } from '../interchange/build-har.ts'
import { openProject } from './open-project.ts'

const URL = 'https://api.openai.com/v1/chat/completions'
const MESSAGES = [{ role: 'user', content: 'Is my order on its way?' }]
const STREAM_HEADERS = { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' }

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It is.' } }],
}
const chunks = ['It ', 'is.'].map((content) => ({
  id: 'chatcmpl-2',
  object: 'chat.completion.chunk',
  created: 2,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
}))

const request = (body: object) => ({ url: URL, postData: { mimeType: 'application/json', text: JSON.stringify(body) } })

/** The parts of a compressed body as Polly keeps them: a JSON list of base64 texts. */
function keepParts(text: string): string {
  const bytes = gzipSync(text)
  return JSON.stringify([bytes.subarray(0, 20), bytes.subarray(20)].map((part) => part.toString('base64')))
}

test('gives the openai SDK the answers of a HAR as Polly writes it given JSON and a compressed stream', async () => {
  const project = openProject()
  project.copy('asking-agent.ts', 'agent.ts')
  const asked = { model: 'gpt-4o-mini', messages: MESSAGES }
  const streamed = { ...asked, stream: true }
  const events = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
  const har = buildHar(
    buildEntry({
      request: request(asked),
      content: { mimeType: 'application/json', text: JSON.stringify(completion) },
    }),
    buildEntry({
      entry: { startedDateTime: '2026-03-01T10:00:01.000Z' },
      request: request(streamed),
      headers: STREAM_HEADERS,
      content: { mimeType: 'text/event-stream', encoding: 'base64', text: keepParts(events) },
    }),
  )
  project.write('session.har', har)
  const input = JSON.stringify([asked, streamed].map((body) => ({ url: URL, body, headers: {} })))
  const imported = await project.retrial([
    ...['import', 'har', 'session.har', '--agent', 'agent.ts#run', '--input', input, '--out', 'recordings/r.jsonl'],
  ])
  expect(imported).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('can be replayed') })
  project.write(
    'scenarios/r.yaml',
    `id: r
title: an imported session
recording: ../recordings/r.jsonl
agent: ../agent.ts#run
incident:
  trigger: { span: llm_generate, error_class: any }
  cause: { signal: retries, at_least: 1 }
  symptom: { signal: stop_reason, is: error }
replay: { env: { OPENAI_API_KEY: placeholder } }
candidates: [{ id: same, agent: ../agent.ts#run }]
`,
  )
  const replayed = await project.retrial(['replay', 'scenarios/r.yaml', '--json'])
  expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ code: 0, stderr: '' })
  const view = JSON.parse(replayed.stdout)
  expect(view.evidence).toMatchObject({ coverage: 1, grades: { exact: 2 } })
  const { finish } = await readRecording(project.path(view.recording), { mode: 'strict' })
  expect(finish?.output).toMatchObject([completion, chunks])
})
