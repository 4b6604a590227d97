import { afterAll, beforeAll, expect, test } from 'vitest'
import { TELEMETRY_NOTE } from '../../src/boundary/telemetry.ts'
import { assumeTelemetry } from '../../src/trial/assume-supplements.ts'
import { type Court, openCourt, outputOf } from './court.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
})
afterAll(async () => {
  court.close()
  await world.close()
})

/** An agent that posts once and tells the status; the body is another one in each process. */
function posting(path: string, headers: object, body: string, client = 'fetch') {
  const post = {
    fetch: `(await fetch(url, { method: 'POST', headers, body: ${body} })).status`,
    http: `await new Promise((resolve, reject) => {
      const request = http.request(url, { method: 'POST', headers }, (response) => response.resume().on('end', () => resolve(response.statusCode)))
      request.on('error', reject).end(${body})
    })`,
  }[client]
  return court.agent(`import http from 'node:http'
    const headers = ${JSON.stringify(headers)}
    export async function run({ origin }) {
      const url = origin + '${path}'
      return ${post}
    }`)
}

const JSON_TYPE = { 'content-type': 'application/json' }
const spans = (key: string) => `JSON.stringify({ ${key}: [{ pid: process.pid }] })`

test.each([
  ['OTLP in JSON', '/v1/traces', JSON_TYPE, spans('resourceSpans'), 'fetch', 200],
  ['OTLP in JSON through node:http', '/otel/v1/metrics', JSON_TYPE, spans('resourceMetrics'), 'http', 200],
  [
    'OTLP in protobuf',
    '/v1/logs?x=1',
    { 'content-type': 'application/x-protobuf' },
    'Buffer.from([process.pid % 99])',
    'fetch',
    200,
  ],
  ["OpenAI's traces", '/v1/traces/ingest', { ...JSON_TYPE, 'openai-beta': 'traces=v1' }, spans('data'), 'fetch', 204],
  [
    'runs for LangSmith',
    '/runs/batch',
    { ...JSON_TYPE, 'user-agent': 'langsmith-js/0.12.0' },
    spans('post'),
    'fetch',
    202,
  ],
])(
  'lets %s go its way when it records and takes it to arrive when it replays',
  async (_, path, headers, body, client, status) => {
    const agent = posting(path, headers, body, client)
    world.requests.length = 0
    const live = await court.record(agent, { origin: world.origin })
    expect(world.requests).toEqual([`POST ${path}`])
    expect(live).toMatchObject({ output: 200, error: undefined, recording: { interactions: [] } })
    expect(live.recording.notes).toMatchObject([{ code: TELEMETRY_NOTE, data: { host: new URL(world.origin).host } }])
    const replay = await court.replay(agent, live)
    expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [], grades: [] })
    expect(outputOf(replay)).toBe(status)
    expect(replay.replayed?.notes.map(({ code }) => code)).toContain(TELEMETRY_NOTE)
    expect(world.requests).toHaveLength(1)
    const { host } = new URL(world.origin)
    expect(assumeTelemetry(replay.replayed)).toEqual([
      `telemetry: what is told to ${host} arrives, and nobody reads the answer`,
    ])
  },
)

test.each([
  ['a log of the business', '/v1/logs', JSON_TYPE, spans('entries')],
  ['traces for nobody known', '/v1/traces/ingest', JSON_TYPE, spans('data')],
  ['runs of a business', '/runs/batch', JSON_TYPE, spans('post')],
  [
    'protobuf for something else',
    '/v1/orders',
    { 'content-type': 'application/x-protobuf' },
    'Buffer.from([process.pid % 99, 7])',
  ],
  ['a log of the business in words of its own', '/v1/logs', { 'content-type': 'text/plain' }, spans('resourceLogs')],
])('records %s as any request, and a changed one diverges', async (_, path, headers, body) => {
  const agent = posting(path, headers, body)
  const live = await court.record(agent, { origin: world.origin })
  expect(live.recording.interactions).toHaveLength(1)
  expect(live.recording.notes).toEqual([])
  const replay = await court.replay(agent, live)
  expect(replay).toMatchObject({ outcome: 'diverged', grades: ['none'] })
})

test('answers the table of tokens of LangChain by an assumption given a recording that does not hold it', async () => {
  const live = await court.record(court.agent('export const run = () => null'))
  const fetching = (url: string) => court.agent(`export const run = async () => (await fetch('${url}')).json()`)
  const replay = await court.replay(fetching('https://tiktoken.pages.dev/js/o200k_base.json'), live)
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [], grades: ['stub'] })
  expect(outputOf(replay)).toEqual({})
  expect(replay.replayed?.interactions[0]?.evidence).toMatchObject({
    source: 'built-in',
    note: expect.stringContaining('estimates'),
  })
  const other = await court.replay(fetching('https://tiktoken.pages.dev/js/other.json'), live)
  expect(other).toMatchObject({ outcome: 'diverged', grades: ['none'] })
})
