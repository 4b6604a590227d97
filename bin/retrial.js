#!/usr/bin/env node
// Plain JavaScript for any Node that has ESM: it finds a Node new enough for the harness before anything else is loaded.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const FLOOR = [22, 18]

if (isNewEnough(process.versions.node)) {
  // Half of the time of a short command is compiling.
  module.enableCompileCache?.()
  const { main } = await import('../dist/cli/main.js')
  await main(process.argv.slice(2))
} else {
  const node = findNode()
  if (node === undefined) {
    process.exitCode = 2
    process.stderr.write(
      `retrial needs Node ${FLOOR.join('.')} or newer; this is ${process.version}.  [ERR_CLI_NODE_VERSION]\n` +
        '  Install a newer Node, or add one to the project: npm install --save-dev node@24\n',
    )
  } else {
    runUnder(node)
  }
}

/** The binary of the project's `node` package (in this repository, or beside an installed retrial), when it is new enough. */
function findNode() {
  for (const place of ['../node_modules/node/', '../../node/']) {
    const folder = new URL(place, import.meta.url)
    const manifest = new URL('package.json', folder)
    if (!existsSync(manifest) || !isNewEnough(JSON.parse(readFileSync(manifest, 'utf8')).version)) continue
    const binary = ['bin/node', 'bin/node.exe'].map((name) => new URL(name, folder)).find((it) => existsSync(it))
    if (binary !== undefined) return fileURLToPath(binary)
  }
  return undefined
}

/** Runs this file again under another Node, as if that one had been called: same streams, signals and exit code. */
function runUnder(node) {
  const self = fileURLToPath(import.meta.url)
  const child = spawn(node, [...process.execArgv, self, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both processes; forwarding it there would make it arrive twice.
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGINT', () => atTerminal || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  child.on('error', (error) => {
    process.stderr.write(`retrial cannot start ${node}: ${error.message}  [ERR_CLI_NODE_VERSION]\n`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])
}
