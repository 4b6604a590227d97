import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import type { Question } from './fixtures/asking-agent.ts'
import { openProject, type Project } from './open-project.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/har/openllmetry-js')

interface Entry {
  request: { url: string; headers: { name: string; value: string }[]; postData?: { text: string } }
  response: { status: number; content: { mimeType: string; text: string; encoding?: string } }
}

const ASKED =
  /^https:\/\/(api\.openai\.com\/v1\/(chat\/completions|completions|responses)|api\.anthropic\.com\/v1\/messages(\?beta=true)?|api\.together\.xyz\/v1\/(chat\/)?completions)$/

const entriesOf = (file: string) =>
  (JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as { log: { entries: Entry[] } }).log.entries

const KINDS =
  '{instrumentation-{anthropic,openai},instrumentation-together/**/*{tool,function}*,traceloop-sdk/**/Test-AI-SDK-Agent*}/**/*.har'

/** HARs of each kind of which the fixture agent can ask all questions. */
const FILES = existsSync(CORPUS)
  ? globSync(KINDS, { cwd: CORPUS })
      .sort()
      .filter((file) => entriesOf(file).every(({ request }) => ASKED.test(request.url)))
  : []

const KEYS: Record<string, string> = {
  'api.openai.com': 'OPENAI_API_KEY',
  'api.anthropic.com': 'ANTHROPIC_API_KEY',
  'api.together.xyz': 'TOGETHER_API_KEY',
}

function questionOf({ request }: Entry): Question {
  const headers = request.headers.filter(({ name }) => /^anthropic-(version|beta)$/.test(name))
  return {
    url: request.url,
    body: JSON.parse(request.postData?.text ?? '{}') as Record<string, unknown>,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
  }
}

/** What the HAR holds as the answer: JSON, or the events of a stream. */
function answerOf({ response: { content } }: Entry): JsonValue {
  const text = plainText(content)
  if (!/^(data|event):/m.test(text) || text.startsWith('{')) return JSON.parse(text) as JsonValue
  return (
    text
      .split('\n')
      .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
      .map((line) => JSON.parse(line.slice(5)) as JsonValue)
      // The SDK keeps these to itself.
      .filter((event) => (event as JsonObject).type !== 'ping')
  )
}

function plainText({ text, encoding }: Entry['response']['content']): string {
  if (encoding !== 'base64') return text
  const bytes = text.startsWith('[')
    ? Buffer.concat((JSON.parse(text) as string[]).map((part) => Buffer.from(part, 'base64')))
    : Buffer.from(text, 'base64')
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** A run that went well shows no incident: it takes one to make a scenario. */
const NO_INCIDENT = {
  trigger: { span: 'llm_generate', error_class: 'any' },
  cause: { signal: 'retries', at_least: 1 },
  symptom: { signal: 'stop_reason', is: 'error' },
}

/** Imports a HAR and has a scenario proposed; gives that, with an incident as far as it lacks one. */
async function propose(project: Project, file: string): Promise<{ env?: Record<string, string>; incident: object }> {
  project.copy('asking-agent.ts', 'agent.ts')
  const input = JSON.stringify(entriesOf(file).map(questionOf))
  const har = join(CORPUS, file)
  const out = 'recordings/imported.jsonl'
  const imported = await project.retrial([
    'import',
    'har',
    har,
    '--agent',
    'agent.ts#run',
    '--input',
    input,
    '--out',
    out,
  ])
  expect(imported).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('can be replayed') })
  expect(await project.retrial(['scenario', 'new', out])).toMatchObject({ code: 0, stderr: '' })
  const proposed = parse(project.read('scenarios/imported.yaml')) as {
    replay: { env?: Record<string, string> }
    incident?: object
  }
  const incident = { ...NO_INCIDENT, ...proposed.incident }
  project.write('scenarios/imported.yaml', stringify({ ...proposed, incident }))
  return { ...proposed.replay, incident: proposed.incident ?? {} }
}

test.skipIf(FILES.length === 0)('finds HARs of each kind given the corpus', () => {
  const questions = FILES.flatMap((file) => entriesOf(file).map(questionOf))
  const count = (isOne: (question: Question) => boolean): number => questions.filter(isOne).length
  expect({
    all: questions.length,
    openai: count(({ url }) => url.includes('openai')),
    anthropic: count(({ url }) => url.includes('anthropic')),
    streamed: count(({ body }) => body.stream === true),
    tools: count(({ body }) => body.tools !== undefined || body.functions !== undefined),
  }).toEqual({ all: 17, openai: 12, anthropic: 3, streamed: 6, tools: 7 })
})

test.skipIf(FILES.length === 0).each(FILES)(
  'gives a real SDK the answers that the HAR holds given %s',
  async (file) => {
    const project = openProject()
    const { env, incident } = await propose(project, file)
    const names = [...new Set(entriesOf(file).map(({ request }) => KEYS[new URL(request.url).host] as string))]
    expect(env).toEqual(Object.fromEntries(names.map((name) => [name, 'placeholder'])))
    // How it ended is not known, and no end to be looked for.
    expect(incident).not.toHaveProperty('symptom')

    const replayed = await project.retrial(['replay', 'scenarios/imported.yaml', '--json'])
    expect(replayed, replayed.stdout).toMatchObject({ code: 0, stderr: '' })
    const view = JSON.parse(replayed.stdout) as JsonObject
    expect(view).toMatchObject({
      outcome: 'finished',
      evidence: { coverage: 1, grades: { exact: entriesOf(file).length }, worst: 'exact', unused: [] },
      divergences: [],
      egress: [],
    })
    const { finish } = await readRecording(project.path(String(view.recording)), { mode: 'strict' })
    expect(finish?.output).toMatchObject(entriesOf(file).map(answerOf))
  },
)

test.skipIf(FILES.length === 0)('names the missing key and where it is set given a scenario without it', async () => {
  const file = (host: string) => FILES.find((one) => entriesOf(one)[0]?.request.url.includes(host)) as string
  for (const host of ['api.openai.com', 'api.anthropic.com']) {
    const project = openProject()
    await propose(project, file(host))
    const scenario = parse(project.read('scenarios/imported.yaml')) as JsonObject
    project.write('scenarios/imported.yaml', stringify({ ...scenario, replay: {} }))
    const { reports } = await project.verify()
    expect(reports[0]?.baseline).toMatchObject({
      verdict: 'error',
      reasons: expect.arrayContaining([
        expect.objectContaining({
          code: 'missing_env',
          message: expect.stringContaining(`replay: { env: { ${KEYS[host]}: placeholder } }`),
        }),
      ]),
    })
    const { stdout } = await project.retrial(['verify'])
    expect(stdout).toContain(`replay: { env: { ${KEYS[host]}: placeholder } }`)
  }
})
