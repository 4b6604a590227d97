/** The gate `errors`: the error codes that the source uses are those that `docs/errors.md` has a heading for. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { ROOMS } from './rooms.ts'

const DOCUMENT = 'docs/errors.md'
// Codes of Node, Chrome and undici begin with ERR_ too; only a room's name makes a code ours.
const CODE = new RegExp(`\\bERR_(?:${ROOMS.map((room) => room.name.toUpperCase()).join('|')})_[A-Z0-9_]*[A-Z0-9]`, 'g')
const THROWN = /new RetrialError\(\s*(['"`])(.*?)\1/g

const problems: string[] = []
const used = new Map<string, string>()

for (const path of [...globSync('src/**/*.ts'), ...globSync('bin/*.js')].sort()) {
  const text = readFileSync(path, 'utf8')
  for (const [code] of text.matchAll(CODE)) {
    if (!used.has(code)) used.set(code, path)
  }
  for (const [, , code = ''] of text.matchAll(THROWN)) {
    if (code.match(CODE)?.[0] !== code) problems.push(`${path}: ${code} is no code of a room, ERR_<ROOM>_<WHAT>`)
  }
}

const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : ''
const documented = new Set([...document.matchAll(/^## (\S+)\s*$/gm)].map(([, code = '']) => code))

for (const [code, path] of used) {
  if (!documented.has(code)) problems.push(`${path}: ${code} has no heading in ${DOCUMENT}`)
}
for (const code of documented) {
  if (!used.has(code)) problems.push(`${DOCUMENT}: no source uses ${code}`)
}
if (used.size === 0) problems.push('src/: no error code found')

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
}
