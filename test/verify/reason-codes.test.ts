import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VERDICTS } from '../../src/model/verdict.ts'
import { REASON_CODES } from '../../src/verify/reason-codes.ts'

const documented = readFileSync(join(import.meta.dirname, '../../docs/verdicts.md'), 'utf8')

test('documents every reason code and every verdict', () => {
  expect([...REASON_CODES, ...VERDICTS].filter((code) => !documented.includes(`\`${code}\``))).toEqual([])
})

test('has no reason code twice', () => {
  expect(new Set(REASON_CODES).size).toBe(REASON_CODES.length)
})
