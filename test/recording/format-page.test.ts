import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type JsonObject, parseJson } from '../../src/core/json.ts'
import { checkRecord } from '../../src/recording/read/check-record.ts'
import { recordSchema } from '../../src/recording/schema.ts'

test('shows only valid records, at least one of each kind, given the page on the format', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/formats/recording.md'), 'utf8')
  const records = page
    .split('\n')
    .filter((line) => line.startsWith('{"seq"'))
    .map((line) => parseJson(line) as JsonObject)
  for (const record of records) {
    expect(checkRecord(record), JSON.stringify(record)).toBeNull()
    expect(recordSchema.safeParse(record).success).toBe(true)
  }
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i))
  expect(new Set(records.map(({ kind }) => kind)).size).toBe(9)
})
