import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recordingJsonSchema } from '../../src/recording/schema.ts'

test('equals the schema that is shipped given the one in the code', () => {
  const file = join(import.meta.dirname, '../../schemas/recording.json')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(recordingJsonSchema())
})

test('knows every kind of line', () => {
  const text = JSON.stringify(recordingJsonSchema())
  for (const kind of ['header', 'blob', 'list', 'call', 'result', 'note', 'finish', 'seal']) {
    expect(text).toContain(`"const":"${kind}"`)
  }
})
