import { expect, test } from 'vitest'
import { MALFORMED } from '../../src/providers/model-error.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { hasCorpus, readCorpus } from './read-corpus.ts'
import { post } from './wire-samples.ts'

/** Paths of the protocols under test; others are read elsewhere. */
const SPOKEN = /\/(?:chat\/completions|responses|embeddings|messages)(?:\?|$)/

/** Errors inside an answer of status 200, and what cannot be read: so it is in the recordings. */
const TRUE_ERRORS: [place: RegExp, type: string | null, code: string | null][] = [
  [/beeai.*test_agent\.yaml#1$/, MALFORMED, null],
  [/test_groq\/test_tool_use_failed_error_streaming\.yaml#0$/, 'invalid_request_error', 'tool_use_failed'],
  [/test_openrouter\/test_openrouter_stream_error\.yaml#0$/, null, '400'],
]

test.skipIf(!hasCorpus)('reads every recorded conversation of the public cassettes and HAR files', () => {
  const seen: Record<string, number> = {}
  const silent: string[] = []
  for (const { place, url, body, answer: wire } of readCorpus()) {
    if (!SPOKEN.test(url)) continue
    const found = readModelRequest(post(url, body))
    if (found === null) throw new Error(`not detected: ${place}`)
    seen[found.protocol.id] = (seen[found.protocol.id] ?? 0) + 1
    const answer = found.protocol.readAnswer(wire)
    const { error, complete, finish, usage, text, tool_calls, refusal, model } = answer
    const known = TRUE_ERRORS.find(([file]) => file.test(place))
    if (known !== undefined || wire.status >= 400) {
      expect({ place, finish, isError: error !== null }).toEqual({ place, finish: 'error', isError: true })
      if (known !== undefined) expect(error).toMatchObject({ type: known[1], code: known[2] })
      continue
    }
    expect({ place, complete, error }).toEqual({ place, complete: true, error: null })
    expect(model, place).not.toBeNull()
    if (!found.request.stream) expect(usage?.input_tokens, place).toBeGreaterThan(0)
    if (found.protocol.operation === 'embeddings') continue
    expect({ place, finish }).toEqual({ place, finish: expect.stringMatching(/^(?:end|tool|length|filtered|pause)$/) })
    for (const call of tool_calls) expect(() => JSON.parse(call.arguments), place).not.toThrow()
    if (text === '' && tool_calls.length === 0 && refusal === null) silent.push(place)
  }
  expect(seen['openai-chat']).toBeGreaterThan(250)
  expect(seen['openai-responses']).toBeGreaterThan(70)
  expect(seen['openai-embeddings']).toBeGreaterThan(3)
  expect(seen['anthropic-messages']).toBeGreaterThan(80)
  // Nothing but what the provider's own tools did, or an empty message.
  expect(
    silent.every((place) => /code-interpreter|image-generation|mcp|ToolCallsNeedAcceptance/.test(place)),
    silent.join('\n'),
  ).toBe(true)
})
