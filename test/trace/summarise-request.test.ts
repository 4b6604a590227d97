import { expect, test } from 'vitest'
import { summariseRequest } from '../../src/trace/summarise-request.ts'
import { chat, http, user, wrapped } from './build-recording.ts'

test.each([
  ['llm_generate gpt-4o', chat('c1', [user], { text: 'x' }, { at: 0 })],
  ['llm_generate local', wrapped('model', 'c1', 'local', [], { at: 0 })],
  ['tool search_docs', wrapped('tool', 'c1', 'search_docs', [], { at: 0 })],
  ['GET docs.example.com/search', http('c1', 'https://docs.example.com/search?q=1', { at: 0 })],
  ['POST 127.0.0.1:8080/', http('c1', 'http://127.0.0.1:8080', { at: 0, method: 'POST' })],
  ['GET nowhere', http('c1', 'nowhere', { at: 0 })],
])('says %s', (expected, interaction) => {
  expect(summariseRequest(interaction)).toBe(expected)
})
