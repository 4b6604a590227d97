import type { Stub } from '../model/evidence.ts'

/** The names that LangChain has for the tables of tokens of OpenAI's models. */
const TABLES = ['gpt2', 'r50k_base', 'p50k_base', 'p50k_edit', 'cl100k_base', 'o200k_base']

/**
 * Answers to what libraries fetch on their own and keep for the life of their process: a run that was not the first of its
 * process does not hold them. Asked last of all; each that is given is listed as an assumption.
 */
export const BUILT_IN_STUBS: readonly Stub[] = TABLES.map((name) => ({
  assumption: 'the table of tokens of LangChain was out of reach, so that it estimates where it would count',
  request: `GET https://tiktoken.pages.dev/js/${name}.json`,
  after_ms: 0,
  status: 200,
  headers: {},
  // Not a table: it is not kept, and no agent stops at it.
  json: {},
}))
