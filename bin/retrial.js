#!/usr/bin/env node
// Runs on any Node that has ESM: finds a Node new enough for the harness before anything else is loaded.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FLOOR = [22, 18]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) {
  const { main } = await import('../dist/cli/main.js')
  await main(process.argv.slice(2))
} else {
  // The `node` package of a project brings a toolchain of its own.
  const here = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  const beside = fileURLToPath(new URL('../../node/bin/node', import.meta.url))
  const node = [here, beside].find((path) => existsSync(path))
  if (node === undefined) {
    process.stderr.write(
      `retrial needs Node ${FLOOR.join('.')} or newer; this is ${process.version}.  [ERR_CLI_NODE_VERSION]\n` +
        '  Install a newer Node, or add one to the project: npm install --save-dev node@24\n',
    )
    process.exit(2)
  }
  const child = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(child.status ?? 4)
}
