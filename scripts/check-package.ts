/** The gate `package`: packs what would be published, and has publint and attw read that tarball. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'retrial-pack-'))
try {
  if (!check()) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function check(): boolean {
  if (run(process.execPath, ['scripts/prepare.js']) === undefined) return false
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
  if (packed === undefined) return false
  const tarball = join(folder, readFilename(packed))
  // Without @types look-ups: they would ask the registry.
  const attw = ['--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii', '--no-emoji', tarball]
  return [run('publint', ['run', '--strict', tarball]), run('attw', attw)].every((output) => output !== undefined)
}

/** What a command printed; undefined, and passed on to the reader, when it failed. */
function run(command: string, args: string[]): string | undefined {
  const result = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  if (result.status === 0) return result.stdout
  process.stderr.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}\n`)
  return undefined
}

/** npm prints a list of packages, or since npm 12 an object of them by name. */
function readFilename(json: string): string {
  const [first] = Object.values(JSON.parse(json) as Record<string, { filename: string }>)
  if (first === undefined) throw new Error('npm pack names no file')
  return first.filename
}
