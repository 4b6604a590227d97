import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** A command that shows what the launcher hands through. */
const COMMAND = `
export async function main(argv) {
  if (argv[0] === 'echo') console.log(JSON.stringify({ argv, node: process.versions.node }))
  if (argv[0] === 'exit') process.exitCode = Number(argv[1])
  if (argv[0] === 'cat') process.stdin.pipe(process.stdout)
  if (argv[0] === 'wait') {
    if (argv[1] === 'politely') process.on('SIGINT', () => process.exit(130))
    console.log('ready')
    setInterval(() => {}, 1000)
  }
}
`

/** Makes the first process, and none that it starts, take itself for an old Node. */
const OLD_NODE = `
if (process.env.TEST_OLD_NODE) {
  delete process.env.TEST_OLD_NODE
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })
}
`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retrial-launcher-'))
  mkdirSync(join(folder, 'dist/cli'), { recursive: true })
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'dist/cli/main.js'), COMMAND)
  writeFileSync(join(folder, 'old-node.js'), OLD_NODE)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** How the launcher is called: on a Node that will do, or on an old one with a newer one installed. */
const WAYS = ['on a new Node', 'on an old Node'] as const

const argsOf = (way: (typeof WAYS)[number] | 'alone', args: string[]) => ({
  args: [...(way === 'on a new Node' ? [] : ['--import', './old-node.js']), 'bin/retrial.js', ...args],
  env: { PATH: process.env.PATH, ...(way === 'on a new Node' ? {} : { TEST_OLD_NODE: '1' }) },
})

function withNode(way: (typeof WAYS)[number]): Disposable {
  const link = join(folder, 'node_modules')
  if (way === 'on an old Node') {
    mkdirSync(join(link, 'node/bin'), { recursive: true })
    writeFileSync(join(link, 'node/package.json'), JSON.stringify({ version: process.versions.node }))
    symlinkSync(process.execPath, join(link, 'node/bin/node'))
  }
  return { [Symbol.dispose]: () => rmSync(link, { recursive: true, force: true }) }
}

function run(way: (typeof WAYS)[number] | 'alone', words: string[], input = '') {
  const { args, env } = argsOf(way, words)
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env, input })
}

test.each(WAYS)('arguments arrive as they were given %s', (way) => {
  using _node = withNode(way)
  const words = ['echo', 'two words', '$HOME', '"', '--flag=x', '']
  expect(JSON.parse(run(way, words).stdout)).toEqual({ argv: words, node: process.versions.node })
})

test.each(WAYS)('the exit code is that of the command %s', (way) => {
  using _node = withNode(way)
  expect([0, 1, 2, 3, 4].map((code) => run(way, ['exit', String(code)]).status)).toEqual([0, 1, 2, 3, 4])
})

test.each(WAYS)('standard input reaches the command %s', (way) => {
  using _node = withNode(way)
  expect(run(way, ['cat'], 'from the pipe').stdout).toBe('from the pipe')
})

test.each(WAYS)('the command may end in its own way given an interrupt %s', async (way) => {
  using _node = withNode(way)
  expect(await interrupt(way, ['wait', 'politely'], 'SIGINT')).toEqual([130, null])
})

test('the exit code says which signal ended the command given an old Node', async () => {
  using _node = withNode('on an old Node')
  expect(await interrupt('on an old Node', ['wait'], 'SIGTERM')).toEqual([143, null])
})

test('it says what to install and ends in exit code 2 given an old Node and no newer one', () => {
  const { status, stderr, stdout } = run('alone', ['echo'])
  expect(stderr).toContain('ERR_CLI_NODE_VERSION')
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test('it does not call itself for ever given an old Node and one as old beside it', () => {
  using _node = withNode('on an old Node')
  writeFileSync(join(folder, 'node_modules/node/package.json'), '{ "version": "20.19.0" }')
  expect(run('on an old Node', ['echo']).status).toBe(2)
})

async function interrupt(way: (typeof WAYS)[number], words: string[], signal: NodeJS.Signals) {
  const { args, env } = argsOf(way, words)
  const child: ChildProcess = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  child.kill(signal)
  return once(child, 'exit')
}
