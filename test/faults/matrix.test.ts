import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Agreement, agreementOf, differencesOf } from './compare.ts'
import { knownDifference } from './known-differences.ts'
import { knownOpinion, type Opinion } from './known-opinion.ts'
import { renderTable } from './render-table.ts'
import { type Matrix, runMatrix } from './run-matrix.ts'
import { LIBRARY_NAMES } from './second-opinions.ts'

let matrix: Matrix
beforeAll(async () => {
  matrix = await runMatrix()
}, 900_000)

test('every client is served from evidence of grade exact to its end, given every fault', () => {
  expect(matrix.broken).toEqual({})
})

test('a client gets the same without the recorder, with it and in a replay, given every fault', () => {
  const unknown = matrix.cells
    .filter(({ fault, client }) => knownDifference(fault, client) === null)
    .map((cell) => ({ cell: `${cell.fault} / ${cell.client}`, differences: differencesOf(cell) }))
  expect(unknown.filter(({ differences }) => differences.length > 0)).toEqual([])
})

test('the recorder changes nothing of what a client gets, given every fault', () => {
  const changed = matrix.cells.flatMap((cell) => differencesOf(cell).filter((one) => one.startsWith('recorder')))
  expect(changed).toEqual([])
})

test('a difference that is known is still there, given the list of them', () => {
  const known = matrix.cells.filter(({ fault, client }) => knownDifference(fault, client) !== null)
  const gone = known.filter((cell) => differencesOf(cell).length === 0)
  expect(gone.map(({ fault, client }) => `${fault} / ${client}`)).toEqual([])
})

test('other libraries give what the recorded run gave, or what is known of them, given the same recordings', () => {
  const unknown = opinions().filter(({ agreement, known }) => agreement !== 'same' && known === null)
  expect(unknown.map(({ cell, agreement }) => `${cell}: ${agreement}`)).toEqual([])
})

test('what is known of other libraries is still so, given the list of it', () => {
  const gone = opinions().filter(({ agreement, known }) => agreement === 'same' && known?.sometimes === false)
  expect(gone.map(({ cell }) => cell)).toEqual([])
})

function opinions(): { cell: string; agreement: Agreement; known: Opinion | null }[] {
  return LIBRARY_NAMES.flatMap((library) =>
    matrix.cells.flatMap((cell) => {
      const agreement = agreementOf(cell, library)
      const known = knownOpinion(library, cell.fault, cell.client)
      return agreement === null ? [] : [{ cell: `${library} / ${cell.fault} / ${cell.client}`, agreement, known }]
    }),
  )
}

test('the table of faults in the docs is what was found, given this run', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')).toBe(renderTable(matrix))
})
