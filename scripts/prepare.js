// Runs after `npm ci` and `npm install`, and before a package is packed: builds `dist/` and links the command.
// Plain JavaScript, and nothing but Node: it may run on an old Node, and without the dev dependencies.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...parts) => join(root, ...parts)

if (existsSync(at('node_modules', 'typescript', 'bin', 'tsc'))) {
  build()
  linkCommand()
  warnWithoutNode()
} else if (!existsSync(at('dist', 'cli', 'main.js'))) {
  process.stderr.write('retrial: not built, for the dev dependencies are missing; run `npm ci` to get them\n')
}

/** Builds beside `dist/` and swaps, so that no removed file stays and a running command keeps what it has. */
function build() {
  const fresh = at(`dist.${process.pid}`)
  const stale = at(`dist.${process.pid}.old`)
  const tsc = [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', at('tsconfig.build.json'), '--outDir', fresh]
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' })
  if (status === 0) {
    if (existsSync(at('dist'))) renameSync(at('dist'), stale)
    renameSync(fresh, at('dist'))
  } else {
    process.stderr.write('retrial: the build failed; dist/ is as it was\n')
    process.exitCode = 1
  }
  for (const folder of [fresh, stale]) rmSync(folder, { recursive: true, force: true })
}

/** Puts the command where a dependent would have it, so that scripts and tests of this repository can call it by name. */
function linkCommand() {
  if (process.platform === 'win32') return
  const link = at('node_modules', '.bin', 'retrial')
  mkdirSync(at('node_modules', '.bin'), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(join('..', '..', 'bin', 'retrial.js'), link)
}

/** The `node` dev dependency brings its binary with an install script, which a setting may have blocked. */
function warnWithoutNode() {
  const names = ['node', 'node.exe'].map((name) => at('node_modules', 'node', 'bin', name))
  if (names.some((name) => existsSync(name))) return
  process.stderr.write('retrial: the dev dependency `node` has no binary; run `npm rebuild node`, or use Node 22.18+\n')
}
