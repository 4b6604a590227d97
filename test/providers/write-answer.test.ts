import { expect, test } from 'vitest'
import { asPayload } from '../../src/model/interaction.ts'
import { openaiEmbeddings } from '../../src/providers/openai-embeddings.ts'
import type { WrittenAnswer } from '../../src/providers/protocol.ts'
import { PROTOCOLS } from '../../src/providers/registry.ts'

const TALKATIVE = PROTOCOLS.filter(({ operation }) => operation !== 'embeddings')

const CASES = TALKATIVE.flatMap((protocol) =>
  [false, true].flatMap((stream) => [
    { id: protocol.id, protocol, stream, text: 'Hello there.', tool_calls: [] },
    { id: protocol.id, protocol, stream, text: '', tool_calls: [{ name: 'search', arguments: { q: 'a "quoted" b' } }] },
    {
      id: protocol.id,
      protocol,
      stream,
      text: 'Both.',
      tool_calls: [
        { name: 'one', arguments: {} },
        { name: 'two', arguments: { n: 2 } },
      ],
    },
  ]),
)

test.each(CASES)('$id reads what it wrote given $text, stream $stream', ({ protocol, stream, text, tool_calls }) => {
  const request = { model: 'm-1', stream, messages: [], tools: [], parameters: {} }
  const said = { id: '0123456789abcdef', text, tool_calls }
  const { content_type, body } = protocol.writeAnswer(request, said) as WrittenAnswer
  const answer = protocol.readAnswer({
    status: 200,
    status_text: '',
    headers: [['content-type', content_type]],
    headers_ms: 0,
    chunks: [[0, asPayload(body)]],
  })
  expect(answer).toMatchObject({ text, complete: true, error: null, finish: tool_calls.length > 0 ? 'tool' : 'end' })
  expect(answer.tool_calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) }))).toEqual(
    tool_calls,
  )
  for (const { id } of answer.tool_calls) expect(id).toMatch(protocol.generatedIdPattern)
  // Ollama's answers have no id, and Bedrock's have it in a header.
  if (answer.id !== null) expect(answer.id).toMatch(protocol.generatedIdPattern)
})

test('writes no answer in words given embeddings', () => {
  const request = { model: 'm-1', stream: false, messages: [], tools: [], parameters: {} }
  expect(openaiEmbeddings.writeAnswer(request, { id: '0123456789abcdef', text: 'Hi.', tool_calls: [] })).toBeNull()
})
