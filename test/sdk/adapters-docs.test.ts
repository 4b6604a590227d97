import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** What the snippets take for granted, by the package that they are about. */
const GIVEN: Record<string, string> = {
  'retrial/ai': `
    declare const model: Parameters<typeof import('ai').wrapLanguageModel>[0]['model']
    declare const prompt: string
    declare const search_docs: import('ai').Tool`,
  'retrial/openai-agents': `
    import { z } from 'zod'
    declare const index: { search(query: string): Promise<string> }`,
  'retrial/langchain': `
    import { z } from 'zod'
    declare const index: { search(query: string): Promise<string> }
    declare const graph: import('@langchain/langgraph').CompiledStateGraph<object, object, string>
    declare const input: object`,
  'retrial/mcp': `
    import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js'
    declare const client: import('@modelcontextprotocol/sdk/client/index.js').Client
    declare const url: URL`,
}

test('compiles against the packages given each snippet of the page on adapters', async () => {
  const page = readFileSync(join(ROOT, 'docs/adapters.md'), 'utf8')
  const snippets = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  expect(snippets).toHaveLength(5)
  mkdirSync(join(ROOT, '.retrial'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.retrial', 'test-snippets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [i, code] of snippets.entries()) {
    const about = /retrial\/[\w-]+/.exec(code)?.[0] ?? ''
    const text = `${code}\n${GIVEN[about]}\n`
    // A middleware of version 3 is one for version 6.
    writeFileSync(join(folder, `snippet-${i}.ts`), code.includes("'v3'") ? text.replaceAll("'ai'", "'ai-6'") : text)
  }
  const source = (path: string) => [`../../src/${path}.ts`]
  const paths = {
    'retrial/ai': source('adapters/ai'),
    'retrial/openai-agents': source('adapters/openai-agents'),
    'retrial/langchain': source('adapters/langchain'),
    'retrial/mcp': source('boundary/transport/wrap-transport'),
  }
  const compilerOptions = { noEmit: true, noUnusedLocals: false, skipLibCheck: true, paths }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
})
