import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Where the commands that tests start keep compiled code: for `NODE_COMPILE_CACHE`. */
export const COMPILED = join(ROOT, '.retrial', 'compiled')

/** What the replays of a first `retrial verify` compile, from `src/` and from `dist/`. */
const OF_REPLAYS = join(ROOT, '.retrial', 'compiled-replays')

/**
 * Gives a fresh project the compiled code that replays in it would otherwise make anew, each project for itself. Node takes it
 * for a file whose content is the same, and for no other.
 *
 * @param outDir Where its replays leave their recordings.
 */
export function fillCache(outDir: string): void {
  try {
    if (existsSync(OF_REPLAYS)) cpSync(OF_REPLAYS, join(outDir, 'cache'), { recursive: true })
  } catch {
    // Another run of the tests is making it anew: then this project compiles for itself.
  }
}

/** Compiles what a replay of the shipped incidents needs, once for a run of the tests. */
export function compileForReplays(): void {
  const out = mkdtempSync(join(tmpdir(), 'retrial-compile-'))
  for (const main of ['src/cli/main.ts', 'bin/retrial.js']) {
    const args = [join(ROOT, main), 'verify', 'scenarios/search-docs-retry-storm.yaml', '--out', out]
    spawnSync(process.execPath, args, {
      cwd: ROOT,
      stdio: 'ignore',
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    })
  }
  rmSync(OF_REPLAYS, { recursive: true, force: true })
  if (existsSync(join(out, 'cache'))) cpSync(join(out, 'cache'), OF_REPLAYS, { recursive: true })
  rmSync(out, { recursive: true, force: true })
}
