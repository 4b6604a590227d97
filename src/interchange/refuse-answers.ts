import { RetrialError } from '../core/errors.ts'
import { isJsonObject, parseJson } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'

/** Keys of which each answer of a model, or each event of its stream, has one. */
const ANSWER_KEYS = [
  ...['choices', 'candidates', 'output', 'delta', 'message', 'response', 'interaction', 'serverContent'],
  ...['messageStart', 'contentBlockStart', 'contentBlockDelta', 'usage'],
]

/**
 * Refuses files that hold only what a model said: the fixtures of the Vercel AI SDK (`*.chunks.txt`, one event a line,
 * and single answers as JSON), and saved event streams.
 *
 * @throws RetrialError `ERR_INTERCHANGE_ANSWERS_ONLY` always
 */
function refuseAnswers(_text: string, { path }: ImportOptions): ImportResult {
  throw new RetrialError(
    'ERR_INTERCHANGE_ANSWERS_ONLY',
    'Failed to import the file: it holds an answer of a model, but not the request that was answered',
    { hint: 'Import a file that holds both, or serve the answer by a stub of the scenario.', location: { path } },
  )
}

/** Answers of models by themselves: told, so that the refusal can say what is missing. */
export const answersFormat: ForeignFormat = {
  name: 'answers',
  title: 'answers of a model without their requests',
  detect(text) {
    const lines = text.slice(0, 1_000_000).trimStart().split('\n', 2)
    if (/^(?:event|data):/.test(lines[0] ?? '')) return true
    const first = parseJson(lines[0] ?? '') ?? (text.length < 10_000_000 ? parseJson(text) : undefined)
    return isJsonObject(first) && first.request === undefined && ANSWER_KEYS.some((key) => key in first)
  },
  import: refuseAnswers,
}
