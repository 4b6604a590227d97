/** Writes the JSON Schemas in `schemas/` from the zod schemas in the code. With `--check`, only says which of them are stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { recordingJsonSchema } from '../src/recording/schema.ts'
import { scenarioJsonSchema } from '../src/scenario/scenario-schema.ts'

const SCHEMAS: Record<string, () => unknown> = {
  'schemas/recording.json': recordingJsonSchema,
  'schemas/scenario.json': scenarioJsonSchema,
}

const stale: string[] = []
for (const [path, generate] of Object.entries(SCHEMAS)) {
  const text = `${JSON.stringify(generate(), null, 2)}\n`
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
  if (process.argv.includes('--check')) stale.push(path)
  else {
    writeFileSync(path, text)
    process.stdout.write(`${path}: written\n`)
  }
}
if (stale.length > 0) {
  process.stderr.write(`${stale.join(', ')}: differs from the code; run \`node scripts/generate-schemas.ts\`\n`)
  process.exitCode = 1
}
