import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GROUPS } from './catalogue.ts'
import { differencesOf } from './compare.ts'
import { KNOWN_DIFFERENCES, knownDifference } from './known-differences.ts'
import { knownOpinion } from './known-opinion.ts'
import { KNOWN_OPINIONS } from './known-opinions.ts'
import { CLIENT_NAMES } from './run-child.ts'
import type { Cell, Matrix } from './run-matrix.ts'
import { LIBRARIES, LIBRARY_NAMES, type LibraryName } from './second-opinions.ts'

const INTRODUCTION = `# Faults

What a client gets in a replay is what it got in the recorded run: not only answers, also every way in which there was none.
Each fault below is a real one, made by a server on the loopback that writes its answers byte by byte. For each client the same
program runs three times: live, live under the recorder, and in a replay of that recording. **✓** means that all three are equal: values,
heads, class, name, code, message and causes of errors, what came before them, and the number of attempts. A number is a difference that is known; its reason stands below the tables.

The last columns are second opinions: the recording served by VERSIONS, each in a process without any code of ours. **✓** means that
every client which the library sees gets what it got in the recorded run. Other cells name the clients that get something else there, with a letter for the reason:
a property of the library, listed at the end. npm undici goes past all of them but nock 15.

Written by \`node scripts/generate-fault-table.ts\` from what \`test/faults/matrix.test.ts\` finds; do not edit.
`

const LIMITS = `## What is not in the tables

- Nobody on the loopback leaves a connection unanswered: \`timeout_connect\` is a server that takes the connection and never speaks TLS.
- Errors keep class, name, message, code, errno, syscall and causes. Other fields (\`address\`, \`port\`, \`socket\`) are not kept.
- A body in a content coding is kept without it, and coded again for clients that decode by themselves. Its \`content-length\` is the recorded one where one of the usual settings of the coding gives it,
  as it does for servers that use zlib, brotli or zstd as they come; else it is that of what is sent. A coded body that broke off is sent in chunks.
- HTTP/2, of undici and of \`node:http2\`, is recorded and replayed as other requests are (\`test/replay/http2.test.ts\`); a replay refuses got's own look at what a server speaks. WebSockets are not recorded. A recording of a run
  that used them says so, and supports no verdict \`fixed\`; a replay refuses them by name (\`test/faults/unwatched.test.ts\`).
`

/** The page \`docs/faults.md\`. */
export function renderTable(matrix: Matrix): string {
  const columns = [...CLIENT_NAMES, ...LIBRARY_NAMES]
  const tables = Object.entries(GROUPS).map(([group, faults]) => {
    const rows = Object.keys(faults).map((fault) => renderRow(fault, matrix.cells))
    return `## ${group}\n\n| | ${columns.join(' | ')} |\n|---|${'---|'.repeat(columns.length)}\n${rows.join('\n')}\n`
  })
  const reasons = KNOWN_DIFFERENCES.map(({ reason }, i) => `${i + 1}. ${reason}`)
  const opinions = KNOWN_OPINIONS.map(
    ({ reason, sometimes }, i) => `- **${letter(i)}** ${reason}${sometimes ? ' It depends on the moment.' : ''}`,
  )
  return [
    INTRODUCTION.replace('VERSIONS', versions()),
    ...tables,
    `## Known differences\n\n${reasons.join('\n')}\n`,
    `## Where other libraries differ\n\n${opinions.join('\n')}\n`,
    LIMITS,
  ].join('\n')
}

function versions(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  const exact = LIBRARY_NAMES.map((library) => {
    const [name, line] = library.split(' ') as [string, string]
    const known: string[] = [devDependencies[name], devDependencies[`${name}-next`]]
    return `${name} ${known.map((one) => one.replace(/^npm:.*@/, '')).find((one) => one.startsWith(`${line}.`))}`
  })
  return `${exact.slice(0, -1).join(', ')} and ${exact.at(-1)}`
}

function letter(reason: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + reason)
}

function renderRow(fault: string, cells: readonly Cell[]): string {
  const ofFault = cells.filter((cell) => cell.fault === fault)
  const marks = CLIENT_NAMES.map((client) => {
    const cell = ofFault.find((one) => one.client === client)
    if (cell !== undefined && differencesOf(cell).length === 0) return '✓'
    const known = knownDifference(fault, client)
    return known === null ? '✗' : String(known + 1)
  })
  const opinions = LIBRARY_NAMES.map((library) => renderOpinion(library, fault))
  return `| \`${fault}\` | ${[...marks, ...opinions].join(' | ')} |`
}

/** What is known of a library, which the tests hold to what was found. */
function renderOpinion(library: LibraryName, fault: string): string {
  const clients: readonly string[] = LIBRARIES[library]
  const byReason = Map.groupBy(
    clients.filter((client) => knownOpinion(library, fault, client) !== null),
    (client) => knownOpinion(library, fault, client)?.reason ?? 0,
  )
  if (byReason.size === 0) return '✓'
  return [...byReason].map(([reason, names]) => `${names.join(', ')} **${letter(reason)}**`).join('; ')
}
