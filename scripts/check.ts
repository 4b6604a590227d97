/**
 * Runs the gates, as CI does: `node scripts/check.ts` all of them, `node scripts/check.ts lint types` only those.
 * Prints a line per gate, then what the failed ones said. Exit code 0: all pass; 1: one fails; 2: no such gate.
 */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

const GATES: Record<string, string[][]> = {
  /** Formatting, lint, import cycles and what each room may import. */
  lint: [['biome', 'check', '--error-on-warnings', '--colors=off', '--max-diagnostics=200', '.']],
  /** The lint rules of the rooms agree with the one table. */
  rooms: [['node', 'scripts/check-rooms.ts']],
  types: [['tsc', '--noEmit', '--pretty', 'false']],
  /** Unused files, exports and dependencies; dependencies that are not listed. */
  knip: [['knip', '--no-progress']],
  /** Generated schemas are fresh. */
  schemas: [['node', 'scripts/generate-schemas.ts', '--check']],
  /** Every error code is documented, every documented code exists. */
  errors: [
    ['node', 'scripts/join-errors.ts', '--check'],
    ['node', 'scripts/check-errors.ts'],
  ],
  /** What would be published is well-formed. */
  package: [['node', 'scripts/check-package.ts']],
}

interface Outcome {
  gate: string
  failed: boolean
  seconds: string
  output: string
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in GATES))
if (unknown.length > 0) {
  process.stderr.write(`no gate ${unknown.join(', ')}; there are ${Object.keys(GATES).join(', ')}\n`)
  process.exitCode = 2
} else {
  process.exitCode = await runGates(asked.length > 0 ? asked : Object.keys(GATES))
}

/** Two at a time: each gate has a thread or two of its own. */
async function runGates(names: string[]): Promise<number> {
  const waiting = [...names]
  const failures: Outcome[] = []
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const outcome = await runGate(name)
      process.stdout.write(`${outcome.failed ? 'FAIL' : 'ok  '}  ${name.padEnd(10)} ${outcome.seconds.padStart(5)} s\n`)
      if (outcome.failed) failures.push(outcome)
    }
  }
  await Promise.all([work(), work()])
  for (const { gate, output } of failures) process.stdout.write(`\n--- ${gate}\n${output.trim()}\n`)
  process.stdout.write(
    failures.length === 0
      ? `\ncheck: all ${names.length} gates pass\n`
      : `\ncheck: ${failures.length} of ${names.length} gates fail: ${failures.map((it) => it.gate).join(', ')}\n`,
  )
  return failures.length === 0 ? 0 : 1
}

async function runGate(gate: string): Promise<Outcome> {
  const start = performance.now()
  let output = ''
  let failed = false
  for (const command of GATES[gate] ?? []) {
    const result = await runCommand(command)
    output += result.output
    failed ||= result.code !== 0
  }
  return { gate, failed, output, seconds: ((performance.now() - start) / 1000).toFixed(1) }
}

function runCommand([command = '', ...args]: string[]): Promise<{ code: number | null; output: string }> {
  const bin = join(import.meta.dirname, '..', 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, NO_COLOR: '1' }
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', (error) => resolve({ code: 2, output: `${command}: ${error.message}\n` }))
    child.on('close', (code) => resolve({ code, output }))
  })
}
