import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Recording } from '../../src/model/recording.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { type CountingServer, startServer } from './counting-server.ts'
import { answerBytes, httpOf, lineOf, makeFolder, requestBytes } from './record-here.ts'
import { fixture, retrial, run } from './run-cli.ts'

/** Which door takes which client while it is recorded. */
const CLIENTS = [
  'fetch POST /fetch',
  'fetch POST /fetch-request',
  'fetch POST /early-fetch',
  'fetch POST /openai/chat/completions',
  'fetch POST /early/chat/completions',
  'fetch POST /anthropic/v1/messages',
  'undici POST /undici-fetch',
  'undici POST /undici-request',
  'undici POST /undici-agent',
  'http POST /axios',
  'fetch POST /axios-fetch',
  'http POST /got',
  'http GET /http-get',
  'http GET /named-get',
  'http POST /http-post',
]

/** What the clients get and what the server gets when nothing is recorded. */
async function callPlainly(): Promise<{ output: string; server: CountingServer }> {
  const server = await startServer()
  const { stdout } = await run(process.execPath, [fixture('call-all.ts')], { env: { BASE: server.base } })
  return { output: stdout.trim(), server }
}

function expectEqual(recording: Recording, server: CountingServer, plain: CountingServer): void {
  const bodies = (one: CountingServer) => one.hits.map(({ method, path, body }) => [method, path, body.toString()])
  expect(bodies(server)).toEqual(bodies(plain))
  const http = httpOf(recording)
  expect(http.map((one) => one.request.url)).toEqual(server.hits.map((hit) => server.base + hit.path))
  expect(http.map((one) => requestBytes(one)?.toString() ?? '')).toEqual(server.hits.map((hit) => hit.body.toString()))
  for (const one of http) {
    expect(JSON.parse(answerBytes(one).toString()).path).toBe(new URL(one.request.url).pathname)
    expect(one.request.headers.every(([name]) => name === name.toLowerCase())).toBe(true)
  }
}

test('every client is recorded once and gets and sends what it would, given a recorded command', async () => {
  const plain = await callPlainly()
  const server = await startServer()
  const out = join(makeFolder(), 'run.jsonl')
  const args = ['record', '--out', out, '--', 'node', fixture('call-all.ts')]
  const { code, stdout } = await retrial(args, { env: { BASE: server.base } })
  expect(code).toBe(0)
  expect(stdout.trim()).toBe(plain.output)
  const recording = await readRecording(out)
  expect(recording.interactions.map(lineOf)).toEqual(CLIENTS.map((line) => `${line} 200 complete`))
  expect(recording.finish?.output).toEqual(JSON.parse(plain.output))
  expectEqual(recording, server, plain.server)
})

test('every client is recorded once, given clients loaded and built before the library', async () => {
  const plain = await callPlainly()
  const server = await startServer()
  const out = join(makeFolder(), 'run.jsonl')
  const { stdout, stderr } = await run(process.execPath, [fixture('record-late.ts')], {
    env: { BASE: server.base, OUT: out },
  })
  expect(stderr).toBe('')
  expect(stdout.trim()).toBe(plain.output)
  const recording = await readRecording(out)
  // A `fetch` that was captured before goes past the door of `fetch`; the one below takes it.
  const lines = CLIENTS.map((line) => `${line.replace('fetch POST /early', 'undici POST /early')} 200 complete`)
  expect(recording.interactions.map(lineOf)).toEqual(lines)
  expectEqual(recording, server, plain.server)
})
