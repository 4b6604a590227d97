import { GROUPS } from './catalogue.ts'
import { differencesOf, nockDiffers } from './compare.ts'
import { KNOWN_DIFFERENCES, knownDifference } from './known-differences.ts'
import { type Cell, CLIENT_NAMES, type Matrix } from './run-matrix.ts'

const INTRODUCTION = `# Faults

What a client gets in a replay is what it got in the recorded run: not only answers, also every way in which there was none.
Each fault below is a real one, made by a server on the loopback that writes its answers byte by byte. For each client the same
program runs three times: live, live under the recorder, and in a replay of that recording. **✓** means that all three are equal: values,
heads, class, name, code, message and causes of errors, what came before them, and the number of attempts. A number is a difference that is known; its reason stands below the tables.

The last column is a second opinion: the recording served by nock 14, in a process without any code of ours.
It names the clients that get something else there than in the recorded run (npm undici goes past nock 14 and is left out).
nock cannot express a reason phrase of its own, what comes between head and body or after it (\`early_hints\`, \`trailers\`), a break that is
an error of the connection and not of the body, a redirect as \`fetch\` follows it, and bodies whose coding is wrong or zstd.

Written by \`node scripts/generate-fault-table.ts\` from what \`test/faults/matrix.test.ts\` finds; do not edit.
`

const LIMITS = `## What is not in the tables

- Nobody on the loopback leaves a connection unanswered: \`timeout_connect\` is a server that takes the connection and never speaks TLS.
- Errors keep class, name, message, code, errno, syscall and causes. Other fields (\`address\`, \`port\`, \`socket\`) are not kept.
- Names of headers are kept in lower case: \`rawHeaders\` of \`node:http\` shows them so.
- HTTP/2 and WebSockets are not recorded. A recording of a run that used them says so, and supports no verdict \`fixed\`; a replay refuses them by name.
`

/** The page \`docs/faults.md\`. */
export function renderTable(matrix: Matrix): string {
  const tables = Object.entries(GROUPS).map(([group, faults]) => {
    const rows = Object.keys(faults).map((fault) => renderRow(fault, matrix.cells))
    return `## ${group}\n\n| | ${CLIENT_NAMES.join(' | ')} | by nock |\n|---|${'---|'.repeat(CLIENT_NAMES.length + 1)}\n${rows.join('\n')}\n`
  })
  const reasons = KNOWN_DIFFERENCES.map(({ reason }, i) => `${i + 1}. ${reason}`)
  return [INTRODUCTION, ...tables, `## Known differences\n\n${reasons.join('\n')}\n`, LIMITS].join('\n')
}

function renderRow(fault: string, cells: readonly Cell[]): string {
  const ofFault = cells.filter((cell) => cell.fault === fault)
  const marks = CLIENT_NAMES.map((client) => {
    const cell = ofFault.find((one) => one.client === client)
    if (cell !== undefined && differencesOf(cell).length === 0) return '✓'
    const known = knownDifference(fault, client)
    return known === null ? '✗' : String(known + 1)
  })
  const others = ofFault.filter((cell) => nockDiffers(cell)).map(({ client }) => client)
  return `| \`${fault}\` | ${marks.join(' | ')} | ${others.length === 0 ? '✓' : others.join(', ')} |`
}
