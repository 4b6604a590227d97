import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import axios from 'axios'
import OpenAI from 'openai'
import * as undici from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { tool } from '../../src/boundary/doors/function-door.ts'
import { headerValue } from '../../src/model/interaction.ts'
import { record } from '../../src/record/record.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { startServer, wait } from './counting-server.ts'
import { errorOf, httpOf, makeFolder } from './record-here.ts'
import { retrial } from './run-cli.ts'

const random = (length: number): string =>
  randomBytes(length).toString('base64url').replace(/[-_]/g, 'x').slice(0, length)

/** A key as providers make them, another each time. */
const makeKey = (): string => `sk-proj-${random(40)}`

function setVariable(name: string, value: string): void {
  process.env[name] = value
  onTestFinished(() => {
    delete process.env[name]
  })
}

/** All bytes of all files of a folder. */
function bytesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
}

function expectNone(bytes: string, canaries: Record<string, string>): void {
  const forms = (value: string): string[] => [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]
  const leaked = Object.entries(canaries).filter(([, value]) => forms(value).some((form) => bytes.includes(form)))
  expect(leaked.map(([where]) => where)).toEqual([])
}

test('no secret reaches the disk, neither while it is recorded nor after, given one in every place', async () => {
  const canaries = {
    bearer: makeKey(),
    'x-api-key': random(32),
    cookie: random(32),
    'set-cookie': random(32),
    query: random(32),
    'body of a request': random(32),
    'body of an answer': random(32),
    stream: makeKey(),
    variable: random(32),
    'error of a tool': makeKey(),
    'argument of a tool': random(32),
    'value of a tool': random(32),
    input: makeKey(),
    output: random(32),
    'SDK key': makeKey(),
  }
  setVariable('CANARY_API_KEY', canaries.variable)
  const { base, hits } = await startServer(async ({ path }, response) => {
    if (path.startsWith('/stream')) {
      response.setHeader('content-type', 'text/event-stream')
      const event = `data: ${JSON.stringify({ text: `the key is ${canaries.stream}, keep it` })}\n\n`
      const half = event.indexOf(canaries.stream) + 20
      response.write(event.slice(0, half))
      await wait(30)
      response.end(event.slice(half))
    } else {
      response.setHeader('set-cookie', `session=${canaries['set-cookie']}; HttpOnly`)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ access_token: canaries['body of an answer'], choices: [] }))
    }
  })
  const folder = makeFolder()
  const fail = tool('fail', (_options: { password: string }) => {
    throw new Error(`refused: ${canaries['error of a tool']} and ${canaries.variable}`)
  })
  const login = tool('login', async (_options: { api_key: string }) => ({ token: canaries['value of a tool'] }))
  let unsealed = ''
  await record({ out: join(folder, 'run.jsonl'), input: { note: `my key: ${canaries.input}` } }, async () => {
    const headers = { authorization: `Bearer ${canaries.bearer}`, cookie: `sid=${canaries.cookie}; lang=en` }
    await (await fetch(`${base}/a?key=${canaries.query}&page=1`, { headers })).text()
    const body = { client_secret: canaries['body of a request'], question: `why ${canaries.variable}` }
    await axios.post(`${base}/b`, body, { headers: { 'x-api-key': canaries['x-api-key'] } })
    const stream = await undici.request(`${base}/stream`)
    expect(await stream.body.text()).toContain(canaries.stream)
    await new OpenAI({ apiKey: canaries['SDK key'], baseURL: base }).chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: `I was given ${canaries.bearer}` }],
    })
    await errorOf((async () => fail({ password: canaries['argument of a tool'] }))())
    await login({ api_key: canaries['argument of a tool'] })
    unsealed = bytesOf(folder)
    return { token: canaries.output, repeated: canaries.cookie }
  })
  expect(hits).toHaveLength(4)
  // The recording was under way and had all of it.
  expect(readdirSync(folder)).toContain('run.jsonl')
  expect(unsealed).toContain('/stream')
  expect(unsealed).toContain('"name":"login"')
  expectNone(unsealed, canaries)
  expectNone(bytesOf(folder), canaries)
  const recording = await readRecording(join(folder, 'run.jsonl'))
  expect(recording.runtime.secret_env?.CANARY_API_KEY).toMatch(/^rdx-/)
})

test('one secret has one token, given two recordings of one folder, and another in another folder', async () => {
  const { base } = await startServer()
  const key = makeKey()
  const call = async (folder: string, name: string): Promise<string | undefined> => {
    const out = join(folder, `${name}.jsonl`)
    await record({ out }, () => fetch(base, { headers: { authorization: `Bearer ${key}` } }))
    return headerValue(httpOf(await readRecording(out))[0]?.request.headers ?? [], 'authorization')
  }
  const here = makeFolder()
  const [first, second, elsewhere] = [await call(here, 'a'), await call(here, 'b'), await call(makeFolder(), 'a')]
  expect(first).toMatch(/^Bearer rdx-[0-9a-f]{12}$/)
  expect(second).toBe(first)
  expect(elsewhere).toMatch(/^Bearer rdx-[0-9a-f]{12}$/)
  expect(elsewhere).not.toBe(first)
})

test('no secret reaches the disk, given a recorded command with them in its input, environment, output and error', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  const canaries = { variable: random(32), key: makeKey(), input: makeKey(), error: makeKey() }
  const script = `
    await (await fetch(process.env.BASE, { headers: { authorization: 'Bearer ' + process.env.KEY_TO_SEND } })).text()
    console.log(JSON.stringify({ used: process.env.SHOP_TOKEN }))
    throw new Error('cannot use ' + process.env.TEXT)`
  const { stdout, stderr } = await retrial(
    ['record', '--out', 'run.jsonl', '--input', JSON.stringify({ note: canaries.input }), '--env', 'TEXT', '--'].concat(
      'node',
      '--input-type=module',
      '-e',
      script,
    ),
    {
      cwd: folder,
      env: { BASE: base, KEY_TO_SEND: canaries.key, SHOP_TOKEN: canaries.variable, TEXT: canaries.error },
    },
  )
  // The agent itself says what it says.
  expect(stdout).toContain(canaries.variable)
  expect(stderr).toContain(canaries.error)
  const recording = await readRecording(join(folder, 'run.jsonl'))
  expect(recording.finish?.error?.message).toMatch(/^cannot use rdx-/)
  expectNone(bytesOf(folder), canaries)
})
