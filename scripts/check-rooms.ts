/**
 * The gate `rooms`: `biome.rooms.json` (which `biome.json` extends) says what the table in `rooms.ts` says, every folder of `src/` is in the table,
 * and no type slips past the import rules as `import('…').Name`. With `--write`, writes `biome.rooms.json`.
 */
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { roomOverrides } from './room-overrides.ts'
import { ROOMS } from './rooms.ts'

const TYPE_IMPORT = /\btypeof import\(|\bimport\(\s*['"][^'"]*['"]\s*\)\s*\.(?!then\b|catch\b|finally\b)/

const GENERATED = 'biome.rooms.json'

const problems: string[] = []

const expected = renderConfig()
if (process.argv.includes('--write')) {
  writeFileSync(GENERATED, expected)
} else if (readFileSync(GENERATED, 'utf8') !== expected) {
  problems.push(`${GENERATED}: differs from scripts/rooms.ts; run \`node scripts/check-rooms.ts --write\``)
}

for (const entry of readdirSync('src', { withFileTypes: true })) {
  if (entry.isDirectory() && !ROOMS.some((room) => room.name === entry.name)) {
    problems.push(`src/${entry.name}: not a room of scripts/rooms.ts`)
  }
}

for (const path of globSync('src/**/*.ts')) {
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (TYPE_IMPORT.test(line))
      problems.push(`${path}:${index + 1}: write \`import type\` instead of \`import(…).Name\``)
  }
}

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
}

/** One override a line: a generated file that still reads well in a diff. */
function renderConfig(): string {
  const lines = roomOverrides().map((override) => `    ${JSON.stringify(override)}`)
  return `{\n  "root": false,\n  "overrides": [\n${lines.join(',\n')}\n  ]\n}\n`
}
