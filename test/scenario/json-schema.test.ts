import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scenarioJsonSchema } from '../../src/scenario/scenario-schema.ts'

test('equals the schema that editors read given the one in the code', () => {
  const file = join(import.meta.dirname, '../../schemas/scenario.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(scenarioJsonSchema())
})

test('allows no key that the loader refuses, and requires what it requires, given the root', () => {
  const schema = scenarioJsonSchema()
  expect(schema.additionalProperties).toBe(false)
  expect(schema.required).toEqual(['id', 'title', 'recording', 'incident'])
})
