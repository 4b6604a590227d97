/** Joins `docs/errors/*.md` into `docs/errors.md`, sorted by code. With `--check`, only says whether that file is up to date. */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'

const TARGET = 'docs/errors.md'

const INTRODUCTION = `# Errors

Every error of retrial has a code that is never renamed, a hint that says the fix and, where a file is to blame, a location.
The wording of a message may change; test for the code.
`

const problems: string[] = []
const sections = new Map<string, string>()
for (const path of globSync('docs/errors/*.md').sort()) readSections(path)

const codes = [...sections.keys()].sort()
const text = [INTRODUCTION, ...codes.map((code) => `## ${code}\n\n${sections.get(code)}\n`)].join('\n')
const current = existsSync(TARGET) ? readFileSync(TARGET, 'utf8') : ''

if (problems.length === 0 && text !== current) {
  if (process.argv.includes('--check')) {
    problems.push(`${TARGET}: differs from docs/errors/*.md; run \`node scripts/join-errors.ts\``)
  } else {
    writeFileSync(TARGET, text)
    process.stdout.write(`${TARGET}: ${codes.length} codes\n`)
  }
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
}

function readSections(path: string): void {
  // What stands before the first heading is for the reader of the folder.
  for (const part of readFileSync(path, 'utf8').replaceAll('\r\n', '\n').split(/^## /m).slice(1)) {
    const [heading = '', ...lines] = part.split('\n')
    const code = heading.trim()
    const body = lines.join('\n').trim()
    if (!/^ERR_[A-Z0-9]+(_[A-Z0-9]+)+$/.test(code))
      problems.push(`${path}: the heading "${code}" is no ERR_<ROOM>_<WHAT>`)
    if (body === '') problems.push(`${path}: nothing is said about ${code}`)
    if (sections.has(code)) problems.push(`${path}: ${code} has a heading already`)
    sections.set(code, body)
  }
}
