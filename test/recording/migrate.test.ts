import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  CURRENT_VERSION,
  canMigrate,
  MIGRATIONS,
  type Migration,
  migrateRecord,
  parseVersion,
} from '../../src/recording/read/migrate.ts'
import { parseRecording } from '../../src/recording/read/parse-recording.ts'
import { answeredOddly, sampleRecording } from './support/sample.ts'

test('reads a recording of format 1 for ever', () => {
  const path = join(import.meta.dirname, 'fixtures', 'v1.jsonl')
  const { digest, ...recording } = parseRecording(readFileSync(path), path, 'strict')
  expect(recording).toEqual(sampleRecording())
  expect(digest).toBe('117853beca80372348d8fb880df6397f6397bbb51f7315c725fc8bc750174838')
})

test('reads names, information and trailers of answers for ever', () => {
  const path = join(import.meta.dirname, 'fixtures', 'v1-answers.jsonl')
  const { digest: _, ...recording } = parseRecording(readFileSync(path), path, 'strict')
  expect(recording).toEqual(answeredOddly())
})

test('has a step from every version that ever was', () => {
  for (let version = 1; version < CURRENT_VERSION; version++) expect(MIGRATIONS.has(version)).toBe(true)
  expect(canMigrate(CURRENT_VERSION)).toBe(true)
})

test('goes step by step given a table of migrations', () => {
  const table = new Map<number, Migration>([
    [1, ({ old, ...rest }) => ({ ...rest, middle: old ?? null })],
    [2, ({ middle, ...rest }) => ({ ...rest, fresh: [middle ?? null] })],
  ])
  expect(migrateRecord({ kind: 'x', old: 7 }, 1, table, 3)).toEqual({ kind: 'x', fresh: [7] })
  expect(migrateRecord({ kind: 'x', middle: 7 }, 2, table, 3)).toEqual({ kind: 'x', fresh: [7] })
  expect(migrateRecord({ kind: 'x', fresh: 7 }, 3, table, 3)).toEqual({ kind: 'x', fresh: 7 })
  expect([1, 2, 3, 4, 0].map((from) => canMigrate(from, table, 3))).toEqual([true, true, true, false, false])
})

test('knows the versions of its family only', () => {
  expect(['retrial/1', 'retrial/12', 'retrial/', 'retrial/1.5', 'other/1', 1, null].map(parseVersion)).toEqual([
    1,
    12,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
