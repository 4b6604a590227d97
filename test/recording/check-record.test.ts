import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { checkRecord } from '../../src/recording/read/check-record.ts'
import { saveRecording } from '../../src/recording/save-recording.ts'
import { recordSchema } from '../../src/recording/schema.ts'
import { anyRecording } from './support/arbitraries.ts'
import { sampleRecording, tempFolder } from './support/sample.ts'

const STRANGE: readonly JsonValue[] = [
  null,
  true,
  '',
  'x',
  'fetch',
  'complete',
  '0123abcd',
  'QUJD',
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  [],
  ['x'],
  [1, 2],
  [[0, 'x']],
  [[0, 'x', 1]],
  {},
  { $blob: 'x' },
  { $text: '' },
  { base64: '*' },
  { base64: 'QQ==' },
  { json: null },
  { $blob: 'x', set: [[1, 'y']] },
  { json: 1, more: 2 },
  { name: 'E', message: 'm' },
  { name: 'E', message: 'm', cause: { name: 'E' } },
  { A: 'x' },
  { A: 1 },
]

/** Every place in a value: the object or array that holds it, and its key there. */
function placesOf(value: JsonValue): [holder: JsonObject, key: string][] {
  if (value === null || typeof value !== 'object') return []
  const holder = value as JsonObject
  return Object.keys(holder).flatMap((key) => [
    [holder, key] as [JsonObject, string],
    ...placesOf(holder[key] as JsonValue),
  ])
}

type Mutation = { place: number; action: 'replace' | 'delete' | 'add'; value: JsonValue }
const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(),
  action: fc.constantFrom('replace', 'delete', 'add'),
  value: fc.constantFrom(...STRANGE).map((value) => structuredClone(value)),
})

function mutate(record: JsonObject, { place, action, value }: Mutation): void {
  const places = placesOf(record)
  const [holder, key] = places[place % places.length] as [JsonObject, string]
  if (action === 'replace') holder[key] = value
  else if (action === 'add' && !Array.isArray(holder)) holder.extra = value
  else if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete holder[key]
}

function recordsOf(path: string): JsonObject[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)
}

test('accepts and refuses what the schema does given any record with up to three changes', () => {
  const path = join(tempFolder(), 'run.jsonl')
  const seen = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(anyRecording, fc.array(mutation, { maxLength: 3 }), fc.nat(), (recording, mutations, pick) => {
      saveRecording(path, recording, { sync: false, overwrite: true })
      const records = recordsOf(path)
      const record = records[pick % records.length] as JsonObject
      for (const change of mutations) mutate(record, change)
      const accepted = checkRecord(record) === null
      seen[accepted ? 'accepted' : 'refused']++
      expect({ accepted, record }).toEqual({ accepted: recordSchema.safeParse(record).success, record })
    }),
    { numRuns: 1500 },
  )
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(150)
})

test('accepts and refuses what the schema does given every place of a recording replaced by every strange value', () => {
  const path = join(tempFolder(), 'run.jsonl')
  saveRecording(path, sampleRecording(), { sync: false })
  for (const text of recordsOf(path).map((record) => JSON.stringify(record))) {
    const count = placesOf(JSON.parse(text)).length
    for (let place = 0; place < count; place++) {
      for (const value of STRANGE) {
        const record = JSON.parse(text) as JsonObject
        mutate(record, { place, action: 'replace', value: structuredClone(value) })
        const accepted = recordSchema.safeParse(record).success
        expect({ accepted: checkRecord(record) === null, record }).toEqual({ accepted, record })
      }
    }
  }
})

test('says where a record is wrong', () => {
  const note = { seq: 1, kind: 'note', at_ms: 'x', code: 'c', message: 'm', crc: '00000000' }
  expect(checkRecord(note)).toContain('.at_ms')
  expect(checkRecord([])).not.toBeNull()
  expect(checkRecord({ kind: 'toString' })).toContain('.kind')
})
