import { expect, test } from 'vitest'
import { findProtocol, PROTOCOLS } from '../../src/providers/registry.ts'
import { post } from './wire-samples.ts'

const SAMPLES = [
  post('https://x.test/chat/completions', { model: 'm', messages: [] }),
  post('https://x.test/responses', { model: 'm', input: [] }),
  post('https://x.test/embeddings', { model: 'm', input: '' }),
  post('https://x.test/messages', { model: 'm', max_tokens: 1, messages: [] }),
  post('https://x.test/api/chat', { model: 'm', messages: [] }),
  post('https://x.test/v1beta/models/m:generateContent', { contents: [] }),
  post('https://x.test/model/m/converse', { messages: [] }),
  post('https://x.test/model/m/invoke', { prompt: 'x' }),
]

test('has a sample request for each protocol, which no other protocol detects', () => {
  expect(SAMPLES.map((request) => findProtocol(request)?.id)).toEqual(PROTOCOLS.map(({ id }) => id))
  for (const request of SAMPLES) {
    const body = JSON.parse(request.body && 'text' in request.body ? request.body.text : '')
    expect(PROTOCOLS.filter((protocol) => protocol.detect(request, body))).toHaveLength(1)
  }
})

test('has patterns that match whole values and keep no state', () => {
  for (const { generatedIdPattern } of PROTOCOLS) {
    expect(generatedIdPattern.flags).not.toMatch(/[gy]/)
    expect(generatedIdPattern.source).toMatch(/^\^.*\$$/)
  }
})
