import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { headerValue } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { openCourt, outputOf } from '../replay/court.ts'
import { converseWire, invokeWire } from './bedrock-wires.ts'
import { startFaultyBedrock } from './start-faulty-bedrock.ts'
import { type Http2Front, startHttp2Front } from './start-http2-front.ts'
import { startProvider } from './start-provider.ts'
import { type AgentCase, tryAgents } from './try-agents.ts'

const agent = (name: string) => ({ module: join(import.meta.dirname, 'fixtures/bedrock.ts'), export: name })

const asks = (method: string) => [method, 'docs', '17', method]
const RESULT = { changes: { result: 'No refunds.' }, step: 4, kind: 'tool_result_changed' }
const STREAM = 'invoke-with-response-stream'

const BY_DEFAULT: AgentCase[] = [
  {
    name: 'bedrock: converse, over its default',
    agent: agent('converseByDefault'),
    asks: asks('converse'),
    changed: [
      { changes: { system: 'Be brief.' }, step: 1, kind: 'prompt_changed' },
      { changes: { model: 'us.amazon.nova-micro-v1:0' }, step: 1, kind: 'model_changed' },
      { changes: { description: 'Searches.' }, step: 1, kind: 'tools_changed' },
      RESULT,
    ],
  },
  {
    name: 'bedrock: converse stream, over its default',
    agent: agent('streamByDefault'),
    asks: asks('converse-stream'),
    changed: [RESULT],
  },
  {
    name: 'bedrock: converse, over its default, with a retry',
    agent: agent('converseByDefault'),
    faults: [429],
    asks: ['converse', ...asks('converse')],
    changed: [{ ...RESULT, step: 5 }],
  },
  {
    name: 'bedrock: invoke, over its default',
    agent: agent('invokeByDefault'),
    asks: asks('invoke'),
    changed: [RESULT],
  },
  {
    name: 'bedrock: invoke with a stream, over its default',
    agent: agent('invokeStreamByDefault'),
    asks: asks(STREAM),
    changed: [RESULT],
  },
]

const OVER_HTTP1: AgentCase[] = [
  {
    name: 'bedrock: converse, over node:http',
    agent: agent('converseOverHttp1'),
    asks: asks('converse'),
    changed: [RESULT],
  },
  {
    name: 'bedrock: converse stream, over node:http',
    agent: agent('streamOverHttp1'),
    asks: asks('converse-stream'),
    changed: [],
  },
  {
    name: 'bedrock: converse, over fetch',
    agent: agent('converseOverFetch'),
    asks: asks('converse'),
    changed: [RESULT],
  },
  {
    name: 'bedrock: converse stream, over fetch',
    agent: agent('streamOverFetch'),
    asks: asks('converse-stream'),
    changed: [],
  },
  { name: 'bedrock: invoke, over node:http', agent: agent('invokeOverHttp1'), asks: asks('invoke'), changed: [] },
  {
    name: 'bedrock: invoke with a stream, over node:http',
    agent: agent('invokeStreamOverHttp1'),
    asks: asks(STREAM),
    changed: [],
  },
]

describe('over HTTP/2', () => {
  let front: Http2Front
  const start = async (): Promise<Http2Front> => {
    front = await startHttp2Front(await startProvider([converseWire, invokeWire]))
    return front
  }
  // The certificate is the server's own; whatever stands in for the internet speaks plain HTTP.
  tryAgents(BY_DEFAULT, { start, env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '' } })
  test('keeps no credential, and no signature, given a signed request', async () => {
    const court = openCourt({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    try {
      const run = await court.record(agent('streamByDefault'), { origin: front.origin })
      const asked = run.recording.interactions.flatMap((one) =>
        one.kind === 'http' && one.door === 'http2' ? one : [],
      )
      expect(asked).toHaveLength(2)
      for (const { request } of asked) {
        const names = request.headers.map(([name]) => name)
        expect(names).toEqual(expect.arrayContaining(['authorization', 'x-amz-date', 'amz-sdk-invocation-id']))
        expect(headerValue(request.headers, 'authorization')).toMatch(/^AWS4-HMAC-SHA256 rdx-[0-9a-f]+$/)
      }
      const kept = readFileSync(run.path, 'utf8')
      for (const secret of ['AKIAIOSFODNN7EXAMPLE', 'wJalrXUtnFEMI', 'session-of-mine', 'Signature=']) {
        expect(kept).not.toContain(secret)
      }
    } finally {
      court.close()
    }
  })

  test('was spoken to over HTTP/2 by the model client, and over HTTP/1 by the tools', () => {
    expect(new Set(front.versions)).toEqual(new Set(['2.0', '1.1']))
  })
})

test('the client meets in a replay what it met for real, given streams over HTTP/2 that go wrong', async () => {
  const faulty = await startFaultyBedrock()
  const court = openCourt({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })
  try {
    const run = await court.record(agent('meetFaults'), { origin: faulty.origin })
    expect(run.error).toBeUndefined()
    const replay = await court.replay(agent('meetFaults'), run)
    expect(outputOf(replay)).toEqual(run.output)
    expect(replay).toMatchObject({ end: { outcome: 'finished', agent_error: null }, divergences: [], egress: [] })
    expect(new Set(replay.grades)).toEqual(new Set(['exact']))
    const ends = (recording: Recording | null) =>
      recording?.interactions.map(({ end }) => [end?.kind, end?.error?.name])
    expect(ends(replay.replayed)).toEqual(ends(run.recording))
    expect(run.output).toMatchInlineSnapshot(`
      {
        "cut": ".So  and its end",
        "damaged": ".So  and Error: The message checksum (2406046227) did not match the expected value of 1606355452",
        "exception": ".So  and ModelStreamErrorException: It broke.",
        "given-up": ".So  and its end",
        "reset": ".So  and Error: Stream closed with error code NGHTTP2_INTERNAL_ERROR",
        "reset-first": " and Error: Stream closed with error code NGHTTP2_INTERNAL_ERROR",
        "silent": ".So  and its end",
      }
    `)
  } finally {
    court.close()
    faulty.close()
  }
})

describe('over HTTP/1', () => {
  tryAgents(OVER_HTTP1, { start: () => startProvider([converseWire, invokeWire]) })
})
