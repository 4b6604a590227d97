import type { JsonObject, JsonValue } from '../core/json.ts'
import type { HttpAnswer, HttpRequest } from '../model/interaction.ts'
import { findModelError, malformedAnswer } from './model-error.ts'
import type { ModelAnswer, ModelRequest, Protocol } from './protocol.ts'
import { blankAnswer, readAnswerBody } from './read-body.ts'
import { countOf, fieldOf, pathOf, stringOf, withoutFields } from './wire.ts'

/** OpenAI's embeddings, and all the servers that speak them. There is no conversation: texts go in, vectors come out. */
export const openaiEmbeddings: Protocol = {
  id: 'openai-embeddings',
  provider: 'openai',
  operation: 'embeddings',
  volatileFields: [],
  // Nothing in it is named by an id.
  generatedIdPattern: /^(?!)$/,
  live: {
    base_url: 'OPENAI_BASE_URL',
    key: 'OPENAI_API_KEY',
    path: '/embeddings',
    origin: 'https://api.openai.com',
    authorise: (key) => ['authorization', `Bearer ${key}`],
  },
  detect: ({ url }: HttpRequest, { input }: JsonObject) =>
    pathOf(url).endsWith('/embeddings') && (typeof input === 'string' || Array.isArray(input)),
  readRequest,
  readAnswer: (answer: HttpAnswer) =>
    readAnswerBody(answer, {
      json: readJson,
      stream: (draft) => {
        draft.error = malformedAnswer('Embeddings do not come as a stream.')
      },
    }),
  // What is said in words has no vector.
  writeAnswer: () => null,
  readValue(value: JsonValue): ModelAnswer | null {
    const data = fieldOf(value, 'data')
    if (!Array.isArray(data) || fieldOf(data[0], 'embedding') === undefined) return null
    const answer = blankAnswer()
    readJson(answer, value)
    answer.complete = true
    answer.complete_ms = 0
    return answer
  },
}

function readRequest(body: JsonObject): ModelRequest {
  return {
    model: stringOf(body.model),
    stream: false,
    messages: [],
    tools: [],
    parameters: withoutFields(body, ['model']),
  }
}

function readJson(answer: ModelAnswer, body: JsonValue): void {
  answer.error = findModelError(body)
  if (answer.error === null && !Array.isArray(fieldOf(body, 'data'))) {
    answer.error = malformedAnswer('The answer has no data.')
  }
  answer.model = stringOf(fieldOf(body, 'model'))
  const usage = fieldOf(body, 'usage')
  if (typeof usage === 'object' && usage !== null) {
    answer.usage = { input_tokens: countOf(fieldOf(usage, 'prompt_tokens')), output_tokens: 0 }
  }
}
