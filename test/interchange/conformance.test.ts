import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { measureCorpus } from '../../bench/conformance/measure.ts'
import { render, totalOf } from '../../bench/conformance/render.ts'
import { buildEntry, buildHar } from './build-har.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus')

test.skipIf(!existsSync(CORPUS))(
  'gives the real SDKs what the public cassettes and archives hold, every file accounted for',
  async () => {
    // The Anthropic SDK warns of models that have been retired since.
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const result = await measureCorpus(CORPUS)
    warn.mockRestore()
    expect(result.unclaimed).toEqual([])
    const total = totalOf(result)
    expect(total.files).toBe(total.imported + total.refused)
    expect(total).toEqual({
      files: 528,
      imported: 394,
      replayable: 391,
      interactions: 645,
      equal_bytes: 645,
      calls: 438,
      decoded: 435,
      equal: 438,
      matched: 438,
      without_headers: 34,
      refused: 134,
    })
    const reasons = result.sources.flatMap(({ findings }) => findings).map(({ reason }) => reason.split(':')[0])
    expect(reasons.toSorted()).toEqual([
      'only for debugging',
      'only for debugging',
      'only for debugging',
      'the SDK gives no value',
      'the SDK throws within an answer of status 200',
      'the SDK throws within an answer of status 200',
    ])
    const codes = result.sources.flatMap(({ refused }) => refused).map(({ reason }) => reason.split(':')[0])
    expect([...new Set(codes)]).toEqual(['ERR_INTERCHANGE_NOT_VCR', 'ERR_INTERCHANGE_ANSWERS_ONLY'])
  },
)

test('shows a file of no source, an answer that the SDK chokes on, and one that is not as in the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-conformance-'))
  const har = join(folder, 'har/openllmetry-js')
  mkdirSync(har, { recursive: true })
  const url = 'https://api.openai.com/v1/chat/completions'
  const postData = { text: '{"model":"m","messages":[],"stream":true}' }
  const request = { url, postData }
  const headers = { 'content-type': 'text/event-stream' }
  const choke = buildEntry({ request, headers, content: { text: 'data: {"error":{"message":"too much"}}\n\n' } })
  const entries = [
    choke,
    buildEntry({ request, headers, content: { text: '646174613a205b444f4e455d0a0a', _isBinary: true } }),
  ]
  writeFileSync(join(har, 'a.har'), buildHar(...entries))
  writeFileSync(join(har, 'b.har'), '{}')
  writeFileSync(join(folder, 'har/other.txt'), '')
  const result = await measureCorpus(folder)
  rmSync(folder, { recursive: true })
  expect(result.unclaimed).toEqual(['har/other.txt'])
  expect(totalOf(result)).toMatchObject({
    files: 2,
    imported: 1,
    refused: 1,
    calls: 2,
    decoded: 0,
    equal: 2,
    equal_bytes: 1,
  })
  const text = render(result)
  for (const part of ['har/other.txt', 'too much', 'a stream without events', 'ERR_INTERCHANGE_NOT_HAR'])
    expect(text).toContain(part)
})
