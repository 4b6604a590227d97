import { expect, test } from 'vitest'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import { findLiveTarget } from '../../src/replay/live/live-target.ts'
import { post } from '../providers/wire-samples.ts'

function ask(url: string, body: unknown): HttpInteraction {
  return { id: 'c1', kind: 'http', door: 'fetch', started_ms: 0, request: post(url, body), answer: null, end: null }
}

const GEMINI = ask('https://generativelanguage.googleapis.com/v1beta/models/g-1:streamGenerateContent?alt=sse', {
  contents: [],
})
const BEDROCK = ask('https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A0/converse', { messages: [] })

test('asks where the recording did, with the key of the environment, given the provider itself', () => {
  expect(findLiveTarget(GEMINI, { GEMINI_API_KEY: 'k' })).toMatchObject({
    url: GEMINI.request.url,
    headers: expect.arrayContaining([['x-goog-api-key', 'k']]),
    kind: 'model',
  })
  expect(findLiveTarget(BEDROCK, { AWS_BEARER_TOKEN_BEDROCK: 'k' })).toMatchObject({
    url: BEDROCK.request.url,
    headers: expect.arrayContaining([['authorization', 'Bearer k']]),
  })
})

test('asks the model that the path names, given a base URL of the environment', () => {
  const gemini = findLiveTarget(GEMINI, { GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: 'http://gate.test/g/' })
  expect(gemini).toMatchObject({ url: 'http://gate.test/g/v1beta/models/g-1:streamGenerateContent?alt=sse' })
  const base = { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'http://gate.test' }
  expect(findLiveTarget(BEDROCK, base)).toMatchObject({ url: 'http://gate.test/model/m%3A0/converse' })
})

test('gives no key away given an address that only the recording names', () => {
  const elsewhere = [
    'https://bedrock-runtime.eu.amazonaws.com.evil.test',
    'http://bedrock-runtime.eu-west-1.amazonaws.com',
  ]
  for (const origin of elsewhere) {
    const one = ask(`${origin}/model/m/converse`, { messages: [] })
    expect(findLiveTarget(one, { AWS_BEARER_TOKEN_BEDROCK: 'k' })).toHaveProperty('refused')
  }
  const other = ask('https://gemini.evil.test/v1beta/models/m:generateContent', { contents: [] })
  expect(findLiveTarget(other, { GEMINI_API_KEY: 'k' })).toHaveProperty('refused')
})
