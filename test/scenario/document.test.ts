import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isJsonObject } from '../../src/core/json.ts'
import { scenarioJsonSchema } from '../../src/scenario/scenario-schema.ts'
import { placesOf } from './scenario-text.ts'

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/formats/scenario.md'), 'utf8')

function fieldsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf)
  if (!isJsonObject(schema)) return []
  const own = isJsonObject(schema.properties) ? Object.keys(schema.properties) : []
  return [...own, ...Object.values(schema).flatMap(fieldsOf)]
}

test('loads without a mistake given the example of the document', () => {
  const [, example] = /```yaml\n(.*?)```/s.exec(DOCUMENT) ?? []
  expect(placesOf(example ?? '')).toEqual([])
})

test('names every field given the fields of the schema', () => {
  const fields = new Set(fieldsOf(scenarioJsonSchema()))
  expect(fields.size).toBeGreaterThan(40)
  const unnamed = [...fields].filter((field) => !new RegExp(`[\`. {]${field}[\`.,: }]`).test(DOCUMENT))
  expect(unnamed).toEqual([])
})
