import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseEntries, readEntries, readMetrics } from '../../src/cli/debug-input.ts'

test('reads the same entries given an array or JSON Lines', () => {
  const entries = fc.array(fc.dictionary(fc.string(), fc.jsonValue()))
  fc.assert(
    fc.property(entries, (values) => {
      // JSON has no −0 and no own way to spell it.
      const expected = JSON.parse(JSON.stringify(values))
      expect(parseEntries(JSON.stringify(values, null, 2), 'f')).toEqual(expected)
      expect(parseEntries(values.map((value) => `${JSON.stringify(value)}\n`).join(''), 'f')).toEqual(expected)
      expect(parseEntries(`\ufeff${values.map((value) => JSON.stringify(value)).join('\r\n\r\n')}`, 'f')).toEqual(
        expected,
      )
    }),
  )
})

test('names line and column given JSON that breaks off', () => {
  const failing = (text: string) => {
    try {
      parseEntries(text, 'spans.json')
    } catch (error) {
      return error
    }
  }

  expect(failing('[\n  {"a": 1},\n  {"b": }\n]')).toMatchObject({
    code: 'ERR_CLI_DEBUG_JSON',
    location: { path: 'spans.json', line: 3, column: 9 },
  })
  expect(failing('{"a":1}\n{"b":2')).toMatchObject({ code: 'ERR_CLI_DEBUG_JSON', location: { line: 2, column: 7 } })
  expect(failing('run finished\n')).toMatchObject({ code: 'ERR_CLI_DEBUG_JSON', location: { line: 1, column: 1 } })
})

test('refuses what is no list of objects', () => {
  const shape = expect.objectContaining({ code: 'ERR_CLI_DEBUG_SHAPE' })

  expect(() => parseEntries('{\n  "spans": []\n}\n', 'f')).toThrow(shape)
  expect(() => parseEntries('[{}, 3]', 'f')).toThrow(shape)
  expect(() => parseEntries('{}\nnull\n', 'f')).toThrow(shape)
  expect(() => parseEntries('"text"', 'f')).toThrow(shape)
})

test('refuses files that are not there, and metrics that are no object', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'retrial-debug-'))
  try {
    const path = join(folder, 'metrics.json')
    await writeFile(path, '[1]')

    await expect(readMetrics(path)).rejects.toMatchObject({ code: 'ERR_CLI_DEBUG_SHAPE', location: { path } })
    await expect(readEntries(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'ERR_CLI_DEBUG_FILE' })
    await expect(readEntries(folder)).rejects.toMatchObject({ code: 'ERR_CLI_DEBUG_FILE', hint: expect.any(String) })
  } finally {
    await rm(folder, { recursive: true })
  }
})
