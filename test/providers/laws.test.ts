import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isJsonObject, type JsonValue } from '../../src/core/json.ts'
import { PROTOCOLS } from '../../src/providers/registry.ts'
import { jsonAnswer, rawAnswer, streamAnswer } from './wire-samples.ts'

/** The names of all protocols' fields, so that arbitrary values get further than the first look. */
const FIELDS = [
  ...['messages', 'input', 'instructions', 'output', 'item', 'response', 'delta', 'content', 'text', 'type', 'role'],
  ...[
    'tools',
    'tool_calls',
    'function',
    'name',
    'arguments',
    'call_id',
    'id',
    'output_index',
    'content_index',
    'error',
  ],
  ...['choices', 'usage', 'status', 'incomplete_details', 'reason', 'message', 'data', 'embedding', 'done', 'x_groq'],
]
const WORDS = [
  ...['message', 'function_call', 'custom_tool_call', 'tool_search_call', 'function_call_output', 'reasoning', 'error'],
  ...['response.completed', 'response.output_item.added', 'response.output_item.done', 'response.output_text.delta'],
  ...['response.function_call_arguments.delta', 'response.content_part.added', 'response', 'completed', 'incomplete'],
]

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(...WORDS, null, '', 0, 1, -1, true),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('tree'), { maxKeys: 6 }),
  ),
}))

test.each(PROTOCOLS)('$id never throws given arbitrary values of its own fields', (protocol) => {
  fc.assert(
    fc.property(tree, fc.array(tree, { maxLength: 4 }), (value, events) => {
      const json = value as JsonValue
      if (isJsonObject(json)) {
        const request = protocol.readRequest(json, 'https://x.test/v1/deployments/m/chat/completions')
        expect(request.messages.every(({ text }) => typeof text === 'string')).toBe(true)
        expect(request.tools.every((name) => typeof name === 'string')).toBe(true)
      }
      protocol.readValue(json)
      const frames = events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`)
      for (const answer of [jsonAnswer(json), jsonAnswer(json, 500), streamAnswer(frames)]) {
        const read = protocol.readAnswer(answer)
        expect(typeof read.text).toBe('string')
        expect(read.complete).toBe(read.complete_ms !== null)
        for (const call of read.tool_calls) expect(typeof call.arguments).toBe('string')
      }
    }),
  )
})

test.each(PROTOCOLS)('$id never throws given arbitrary bytes, whatever they are said to be', (protocol) => {
  const type = fc.constantFrom('text/event-stream', 'application/json', 'application/x-ndjson', '')
  fc.assert(
    fc.property(fc.uint8Array(), type, fc.constantFrom(200, 204, 429, 500), (bytes, said, status) => {
      const base64 = Buffer.from(bytes).toString('base64')
      const answer = protocol.readAnswer(rawAnswer([[1, { base64 }]], said, status))
      expect(answer.error === null || answer.finish === 'error').toBe(true)
    }),
  )
})
