import { expect, test } from 'vitest'
import type { HeaderList, HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import { findMissingKeys } from '../../src/scenario/propose/find-missing-keys.ts'
import { buildRecording } from './build-run.ts'

function asking(...urls: string[]): Recording {
  const interactions = urls.map((url, i): HttpInteraction => {
    const [method = '', href = ''] = url.split(' ')
    const request = { method, url: href, headers: [], body: null }
    return { id: `c${i + 1}`, kind: 'http', door: 'fetch', started_ms: i, request, answer: null, end: null }
  })
  return { ...buildRecording(undefined), interactions }
}

const settings = (recording: Recording, env = {}) =>
  Object.fromEntries(findMissingKeys(recording, env).map(({ name, value }) => [name, value]))

test('names the key of each provider once, in the order of the calls', () => {
  const recording = asking(
    'POST https://api.anthropic.com/v1/messages',
    'POST https://api.openai.com/v1/chat/completions',
    'POST https://api.openai.com/v1/embeddings',
    'GET https://index-1.svc.pinecone.io/query',
  )
  expect(findMissingKeys(recording, {}).map(({ name, host }) => [name, host])).toEqual([
    ['ANTHROPIC_API_KEY', 'api.anthropic.com'],
    ['OPENAI_API_KEY', 'api.openai.com'],
    ['PINECONE_API_KEY', 'index-1.svc.pinecone.io'],
  ])
})

test('names nothing that is set, whatever it is set to', () => {
  const recording = asking(
    'POST https://api.openai.com/v1/chat/completions',
    'POST https://api.anthropic.com/v1/messages',
  )
  expect(settings(recording, { OPENAI_API_KEY: 'x' })).toEqual({ ANTHROPIC_API_KEY: 'placeholder' })
})

test('names where a client has to be pointed, too, given a host of one’s own', () => {
  expect(settings(asking('POST http://localhost:8000/proxy/v1/chat/completions'))).toEqual({
    OPENAI_API_KEY: 'placeholder',
    OPENAI_BASE_URL: 'http://localhost:8000/proxy/v1',
  })
  expect(settings(asking('POST http://localhost:8000/v1/messages'))).toEqual({
    ANTHROPIC_API_KEY: 'placeholder',
    ANTHROPIC_BASE_URL: 'http://localhost:8000',
  })
})

test('names the region beside the keys given a host of Amazon', () => {
  expect(settings(asking('POST https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/invoke'))).toEqual({
    AWS_ACCESS_KEY_ID: 'placeholder',
    AWS_SECRET_ACCESS_KEY: 'placeholder',
    AWS_REGION: 'eu-west-1',
  })
})

test('names nothing given requests to no model, and hosts that only look like a provider', () => {
  const recording = asking(
    'GET https://docs.example.com/search',
    'GET http://localhost/v1/chat/completions',
    'POST https://api.openai.com.example.net/upload',
    'POST https://notopenai.com/upload',
  )
  expect(settings(recording)).toEqual({})
})

/** The same, asked with these headers. */
function askingWith(headers: HeaderList, ...urls: string[]): Recording {
  const recording = asking(...urls)
  for (const one of recording.interactions) if (one.kind === 'http') one.request.headers = headers
  return recording
}

const MODELS = ['POST http://localhost:8000/v1/chat/completions', 'POST https://api.openai.com/v1/embeddings']

test.each<[string, HeaderList]>([
  ['fetch', [['user-agent', 'node']]],
  ['axios', [['user-agent', 'axios/1.13.2']]],
  ['node:http', [['host', 'localhost:8000']]],
])('names nothing given a model that is asked by %s, without an SDK', (_title, headers) => {
  expect(settings(askingWith(headers, ...MODELS))).toEqual({})
})

test.each<[string, HeaderList]>([
  ['by its name', [['user-agent', 'OpenAI/JS 7.57.0']]],
  [
    'by a header of its own',
    [
      ['user-agent', 'node'],
      ['x-stainless-lang', 'js'],
    ],
  ],
  ['over another layer', [['user-agent', 'ai/7.0.173 ai-sdk/openai/4.0.118 runtime/node.js/24']]],
])('names the key given an SDK that shows %s', (_title, headers) => {
  expect(Object.keys(settings(askingWith(headers, ...MODELS)))).toEqual(['OPENAI_API_KEY', 'OPENAI_BASE_URL'])
})

test('names the key given a recording of somebody else that does not say who asked', () => {
  const recording = askingWith([['content-type', 'application/json']], ...MODELS)
  const foreign = { ...recording, runtime: { node: 'unknown', platform: 'unknown' } }
  expect(Object.keys(settings(foreign))).toEqual(['OPENAI_API_KEY', 'OPENAI_BASE_URL'])
})
