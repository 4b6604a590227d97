import { type HttpInteraction, headerValue } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'

/** A variable without which the client of a recorded call does not start, and a value that lets it. */
export interface MissingKey {
  name: string
  value: string
  /** The host that the recorded calls went to. */
  host: string
}

/** Variables that the usual client of a host insists on. A replay sends nothing, so any value does. */
const BY_HOST: readonly [host: RegExp, names: readonly string[]][] = [
  [/(^|\.)openai\.com$/, ['OPENAI_API_KEY']],
  [/\.openai\.azure\.com$/, ['AZURE_OPENAI_API_KEY']],
  [/(^|\.)anthropic\.com$/, ['ANTHROPIC_API_KEY']],
  [/^generativelanguage\.googleapis\.com$/, ['GEMINI_API_KEY']],
  [/(^|\.)mistral\.ai$/, ['MISTRAL_API_KEY']],
  [/(^|\.)cohere\.(ai|com)$/, ['CO_API_KEY']],
  [/(^|\.)together\.(xyz|ai)$/, ['TOGETHER_API_KEY']],
  [/(^|\.)groq\.com$/, ['GROQ_API_KEY']],
  [/(^|\.)openrouter\.ai$/, ['OPENROUTER_API_KEY']],
  [/(^|\.)deepseek\.com$/, ['DEEPSEEK_API_KEY']],
  [/^api\.x\.ai$/, ['XAI_API_KEY']],
  [/(^|\.)pinecone\.io$/, ['PINECONE_API_KEY']],
  [/^bedrock[\w-]*\.[\w-]+\.amazonaws\.com$/, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']],
]

/** Clients that are pointed at a host of one's own: the path that they ask, and where the rest of the URL is set. */
const BY_PATH: readonly [path: RegExp, key: string, base: string][] = [
  [/\/(chat\/completions|completions|responses|embeddings)$/, 'OPENAI_API_KEY', 'OPENAI_BASE_URL'],
  [/\/v1\/messages$/, 'ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL'],
]

/**
 * The variables that the clients of the recorded calls are known to need and that an environment does not set, in the
 * order of the calls.
 */
export function findMissingKeys(recording: Recording, env: Readonly<Record<string, string>>): MissingKey[] {
  const found = new Map<string, MissingKey>()
  for (const interaction of recording.interactions) {
    if (interaction.kind !== 'http' || isPlain(interaction, recording)) continue
    for (const key of neededBy(interaction)) {
      if (env[key.name] === undefined && !found.has(key.name)) found.set(key.name, key)
    }
  }
  return [...found.values()]
}

/** What clients call themselves that insist on nothing. */
const PLAIN = /^(node|undici|node-fetch|axios|got|ky|superagent|needle|deno|bun|curl)\b/i

/** Whether a call was made without an SDK, by `fetch` and the like. Unknown where somebody else recorded it and kept no name. */
function isPlain({ request: { headers } }: HttpInteraction, { runtime }: Recording): boolean {
  if (headers.some(([name]) => name.startsWith('x-stainless-') || name === 'x-goog-api-client')) return false
  const agent = headerValue(headers, 'user-agent')
  return agent === undefined ? headers.length > 0 && runtime.node !== 'unknown' : PLAIN.test(agent)
}

function neededBy({ request }: HttpInteraction): MissingKey[] {
  const url = URL.parse(request.url)
  if (url === null) return []
  const toKey = (name: string, value = 'placeholder'): MissingKey => ({ name, value, host: url.host })
  const names = BY_HOST.find(([pattern]) => pattern.test(url.hostname))?.[1]
  if (names !== undefined) {
    const region = /^bedrock[\w-]*\.([\w-]+)\./.exec(url.hostname)?.[1]
    return [...names.map((name) => toKey(name)), ...(region === undefined ? [] : [toKey('AWS_REGION', region)])]
  }
  if (request.method !== 'POST') return []
  for (const [pattern, key, base] of BY_PATH) {
    const path = pattern.exec(url.pathname)
    if (path !== null) return [toKey(key), toKey(base, url.origin + url.pathname.slice(0, path.index))]
  }
  return []
}
