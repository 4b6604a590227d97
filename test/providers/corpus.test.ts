import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { HttpAnswer } from '../../src/model/interaction.ts'
import { readModelRequest } from '../../src/providers/registry.ts'
import { post } from './wire-samples.ts'

const corpus = join(import.meta.dirname, '../../../shared/corpus/har')

interface HarEntry {
  request: { url: string; method: string; postData?: { text?: string } }
  response: { status: number; content: { mimeType: string; encoding?: string; text?: string } }
}

/** Bodies of type `base64` are a JSON array of parts of one gzip stream, each coded by itself. */
function bodyOf({ encoding, text = '' }: HarEntry['response']['content']): string {
  if (encoding !== 'base64') return text
  const bytes = Buffer.concat((JSON.parse(text) as string[]).map((part) => Buffer.from(part, 'base64')))
  return bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString()
}

test.skipIf(!existsSync(corpus))('reads every recorded chat and message of the public HAR files', () => {
  const seen = new Map<string, number>()
  for (const file of globSync('{openllmetry-js,langchainjs-net-mocks}/**/*.har', { cwd: corpus })) {
    const { log } = JSON.parse(readFileSync(join(corpus, file), 'utf8')) as { log: { entries: HarEntry[] } }
    for (const { request, response } of log.entries) {
      if (!/\/(chat\/completions|messages)(\?|$)/.test(request.url)) continue
      const found = readModelRequest(post(request.url, JSON.parse(request.postData?.text ?? '{}')))
      if (found === null) throw new Error(`not detected: ${file}`)
      const answer = found.protocol.readAnswer(toAnswer(response))
      const { finish, complete, error, usage, text, tool_calls } = answer
      expect({ file, complete, error }).toEqual({ file, complete: true, error: null })
      expect({ file, finish }).toEqual({
        file,
        finish: tool_calls.length > 0 ? 'tool' : expect.stringMatching(/^(end|length)$/),
      })
      expect(text !== '' || tool_calls.length > 0, file).toBe(true)
      for (const call of tool_calls) expect(() => JSON.parse(call.arguments), file).not.toThrow()
      if (!found.request.stream) expect(usage?.output_tokens, file).toBeGreaterThan(0)
      seen.set(found.protocol.id, (seen.get(found.protocol.id) ?? 0) + 1)
    }
  }
  expect(seen.get('openai-chat')).toBeGreaterThan(20)
  expect(seen.get('anthropic-messages')).toBeGreaterThan(20)
})

function toAnswer({ status, content }: HarEntry['response']): HttpAnswer {
  const headers: [string, string][] = [['content-type', content.mimeType]]
  return { status, status_text: '', headers, headers_ms: 0, chunks: [[1, { text: bodyOf(content) }]] }
}
