import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { differencesOf } from './compare.ts'
import { knownDifference } from './known-differences.ts'
import { renderTable } from './render-table.ts'
import { type Matrix, runMatrix } from './run-matrix.ts'

let matrix: Matrix
beforeAll(async () => {
  matrix = await runMatrix()
}, 300_000)

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

test('the table of faults in the docs is what was found, given this run', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/faults.md'), 'utf8')).toBe(renderTable(matrix))
})
