/** Runs every fault by every client, live and replayed, and writes `docs/faults.md`. Takes about a minute. */
import { writeFileSync } from 'node:fs'
import { renderTable } from '../test/faults/render-table.ts'
import { runMatrix } from '../test/faults/run-matrix.ts'

const matrix = await runMatrix()
writeFileSync('docs/faults.md', renderTable(matrix))
const broken = Object.keys(matrix.broken)
process.stdout.write(`docs/faults.md: written${broken.length === 0 ? '' : `; broken: ${broken.join(', ')}`}\n`)
