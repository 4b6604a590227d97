import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startProviderServer } from '../../examples/support-agent/servers/provider-server.ts'
import { startToolsServer } from '../../examples/support-agent/servers/tools-server.ts'
import type { SupportInput, SupportOutput } from '../../examples/support-agent/types.ts'

export const AGENT_DIR = join(import.meta.dirname, '../../examples/support-agent')

export interface LiveRun {
  output: SupportOutput
  /** Bodies of the model requests, in order. */
  asked: string[]
  /** `GET /path?query` of the tool requests, in order of arrival. */
  fetched: string[]
}

export interface LiveOptions {
  healthy?: boolean
  params?: unknown
}

/** Runs a module of the example in a process of its own, against servers of its own. */
export async function runLive(module: string, input: SupportInput, options: LiveOptions = {}): Promise<LiveRun> {
  const { healthy = false, params } = options
  const provider = await startProviderServer({ port: 0, healthy, pace: 0 })
  const tools = await startToolsServer({ port: 0, healthy, pace: 0 })
  try {
    const url = pathToFileURL(join(AGENT_DIR, module)).href
    const args = [input, params].filter((arg) => arg !== undefined).map((arg) => JSON.stringify(arg))
    const script = `const { run } = await import('${url}')
process.stdout.write(JSON.stringify(await run(${args.join(', ')})))`
    const env = {
      PATH: process.env.PATH,
      OPENAI_BASE_URL: `${provider.origin}/v1`,
      OPENAI_API_KEY: 'sk-example-of-no-value',
      DOCS_URL: tools.origin,
      ORDERS_URL: tools.origin,
    }
    const child = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
    return { output: JSON.parse(child.stdout) as SupportOutput, asked: provider.requests, fetched: tools.requests }
  } finally {
    await Promise.all([provider.close(), tools.close()])
  }
}

/** How often the most frequent text occurs. */
export function mostEqual(texts: string[]): number {
  const counts = Object.values(Object.groupBy(texts, (text) => text)).map((equal) => equal?.length ?? 0)
  return Math.max(0, ...counts)
}

/** What `texts` holds beyond `held`; the n-th equal text needs the n-th equal one there. */
export function missingFrom(held: string[], texts: string[]): string[] {
  const left = [...held]
  return texts.filter((text) => {
    const at = left.indexOf(text)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}
