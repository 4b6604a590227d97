/** Hosts of providers that speak the protocols of others, and their `gen_ai.provider.name`. */
const HOSTS: readonly [host: RegExp, provider: string][] = [
  [/(^|\.)api\.openai\.com$/, 'openai'],
  [/\.openai\.azure\.com$|\.cognitiveservices\.azure\.com$/, 'azure.ai.openai'],
  [/\.(?:inference|services)\.ai\.azure\.com$/, 'azure.ai.inference'],
  [/(^|\.)api\.mistral\.ai$/, 'mistral_ai'],
  [/(^|\.)api\.groq\.com$/, 'groq'],
  [/(^|\.)api\.deepseek\.com$/, 'deepseek'],
  [/(^|\.)api\.x\.ai$/, 'x_ai'],
  [/(^|\.)api\.perplexity\.ai$/, 'perplexity'],
  [/(^|\.)openrouter\.ai$/, 'openrouter'],
  [/(^|\.)api\.together\.(?:xyz|ai)$/, 'together_ai'],
  [/(^|\.)api\.fireworks\.ai$/, 'fireworks_ai'],
  [/(^|\.)api\.cohere\.(?:ai|com)$/, 'cohere'],
  [/(^|\.)generativelanguage\.googleapis\.com$/, 'gcp.gemini'],
  [/(^|-)aiplatform\.googleapis\.com$/, 'gcp.vertex_ai'],
  [/^bedrock[\w-]*\.[\w-]+\.(?:amazonaws\.com|api\.aws)$/, 'aws.bedrock'],
  [/(^|\.)api\.anthropic\.com$/, 'anthropic'],
]

/** Value of `gen_ai.provider.name` for a request; null when the host is of no known provider: a gateway, or a machine of one's own. */
export function providerOfHost(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { hostname, port } = new URL(url)
  // Where Ollama listens unless it is told otherwise.
  if (port === '11434') return 'ollama'
  return HOSTS.find(([host]) => host.test(hostname))?.[1] ?? null
}
