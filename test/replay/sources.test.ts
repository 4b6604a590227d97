import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Court, type LiveRun, openCourt, outputOf } from './court.ts'

let court: Court
let live: LiveRun
beforeAll(async () => {
  court = openCourt()
  live = await court.record(court.agent('export const run = () => null'))
  writeFileSync(join(court.folder, 'data.json'), '{"a":1}')
  const library = join(court.folder, 'node_modules/library')
  mkdirSync(library, { recursive: true })
  writeFileSync(join(library, 'package.json'), '{"name":"library","type":"module","exports":"./index.js"}')
  writeFileSync(join(library, 'own.json'), '{}')
  writeFileSync(join(court.folder, 'node_modules/.cache-of-answers.json'), '{}')
  writeFileSync(
    join(library, 'index.js'),
    `import fs from 'node:fs'
     export const read = (file) => fs.readFileSync(file)
     export const readOwn = () => fs.readFileSync(new URL('own.json', import.meta.url))
     export const variable = (name) => process.env[name]
     export const draw = () => Math.random()`,
  )
})
afterAll(() => court.close())

const HEAD = `import fs, { readFileSync, createReadStream, existsSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import { env } from 'node:process'
import { inspect, promisify } from 'node:util'
import os from 'node:os'
import * as library from 'library'
`

async function namesOf(statements: string): Promise<string[]> {
  const agent = court.agent(`${HEAD}export async function run() {\n${statements}\n}`)
  const { end, sources } = await court.replay(agent, live, { extra_env: { TEAM: 'desk' } })
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  for (const { at } of sources) expect(at).toMatch(/agent-\d+\.ts:\d+:\d+$/)
  return sources.map(({ name }) => name).toSorted()
}

test.each([
  ['readFileSync by its name', "readFileSync('data.json')", ['file:data.json']],
  ['the default export', "fs.readFileSync('data.json')", ['file:data.json']],
  ['a promise', "await promises.readFile('data.json')", ['file:data.json']],
  ['a callback', "await new Promise((done) => fs.readFile('data.json', done))", ['file:data.json']],
  ['a callback made a promise', "await promisify(fs.readFile)('data.json')", ['file:data.json']],
  ['a stream', "for await (const part of createReadStream('data.json')) void part", ['file:data.json']],
  ['a handle', "await (await promises.open('data.json')).close()", ['file:data.json']],
  ['a look whether it is there', "existsSync('nothing.json')", ['file:nothing.json']],
  ['a folder', "fs.readdirSync('.')", [expect.stringMatching(/^file:\//)]],
  ['a copy', "fs.copyFileSync('data.json', os.tmpdir() + '/copy.json')", ['file:data.json']],
  ['the state of a file system', "fs.statfsSync('data.json')", ['file:data.json']],
  ['a file watched', "fs.watchFile('data.json', () => {}).unref(); fs.unwatchFile('data.json')", ['file:data.json']],
  [
    'a file beside the packages',
    "readFileSync('node_modules/.cache-of-answers.json')",
    ['file:node_modules/.cache-of-answers.json'],
  ],
  ['a library that reads for it', "library.read('data.json')", ['file:data.json']],
  ['a variable', 'void process.env.FEATURE', ['env:FEATURE']],
  ['a variable of the module', 'void env.FEATURE', ['env:FEATURE']],
  ['a variable taken apart', 'const { FEATURE } = process.env', ['env:FEATURE']],
  ['a look whether a variable is set', "void ('FEATURE' in process.env)", ['env:FEATURE']],
  ['a look whether it has a variable', "Object.hasOwn(process.env, 'FEATURE')", ['env:FEATURE']],
  ['the same by its method', "process.env.hasOwnProperty('FEATURE')", ['env:FEATURE']],
  ['a description of a variable', "Object.getOwnPropertyDescriptor(process.env, 'TEAM')", ['env:TEAM']],
  [
    'a list, then one by itself',
    "void Object.keys(process.env); void Object.hasOwn(process.env, 'NONE')",
    ['env:*', 'env:NONE'],
  ],
  ['all variables', 'void { ...process.env }', ['env:*']],
  ['a number drawn', 'Math.random()', ['random:Math.random']],
  ['bytes drawn', "await import('node:crypto').then((it) => it.randomBytes(4))", ['random:bytes']],
  ['the machine', 'os.hostname()', ['os:hostname']],
])('a source is named with its place given %s', async (_how, statements, names) => {
  expect(await namesOf(statements)).toEqual(names)
})

test.each([
  ['a package that reads its own files', 'library.readOwn()'],
  ['a package that looks for how a project is built', "library.read('package.json')"],
  ['a package that reads a variable', "library.variable('FEATURE')"],
  ['a package that draws', 'library.draw()'],
  ['an id', 'crypto.randomUUID()'],
  ['what Node asks of the environment by itself', "inspect({}); new Intl.DateTimeFormat('en').format(0)"],
  ['what any object is asked for', 'JSON.stringify({ it: 1 }); String(process.env); process.env.hasOwnProperty'],
])('no source is named given %s', async (_what, statements) => {
  writeFileSync(join(court.folder, 'package.json'), '{ "type": "module" }')
  expect(await namesOf(statements)).toEqual([])
})

test('the environment works as it did given that looks at it are taken down', async () => {
  const agent = court.agent(`import { env } from 'node:process'
export function run() {
  process.env.COUNT = 7
  Object.assign(process.env, { GONE: 'x', LEFT: 'y' })
  delete process.env.GONE
  return { same: env === process.env, count: process.env.COUNT, gone: process.env.GONE ?? null, left: env.LEFT,
    has: 'LEFT' in process.env, own: Object.hasOwn(process.env, 'LEFT'), keys: Object.keys(process.env).includes('LEFT'), team: { ...process.env }.TEAM }
}`)
  const replay = await court.replay(agent, live, { extra_env: { TEAM: 'desk' } })
  expect(outputOf(replay)).toEqual({
    same: true,
    count: '7',
    gone: null,
    left: 'y',
    has: true,
    own: true,
    keys: true,
    team: 'desk',
  })
})

test('a source is still named given more looks at it than are followed', async () => {
  const agent = court.agent('export function run() { for (let i = 0; i < 3_000; i++) Math.random() }')
  const { sources } = await court.replay(agent, live)
  expect(sources).toMatchObject([{ name: 'random:Math.random' }])
  expect(sources[0]?.seen).toHaveLength(1_001)
})

test.each([
  [
    'that wraps what it is given',
    'get: () => (...all) => given ? given(...all) : "written", set(other) { given = other }',
  ],
  ['that throws', 'get() { if (isOver) return undefined; throw new Error("not to be looked at") }'],
])('a look at a variable changes nothing given a writer of stacks behind a getter %s', async (_, getter) => {
  const agent = court.agent(`export function run() {
    let given
    let isOver = false
    const native = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
    Object.defineProperty(Error, 'prepareStackTrace', { configurable: true, ${getter} })
    const team = process.env.TEAM
    isOver = true
    const stack = typeof new Error('of the agent').stack
    Object.defineProperty(Error, 'prepareStackTrace', native)
    return [team, stack, given === undefined]
  }`)
  const replay = await court.replay(agent, live, { extra_env: { TEAM: 'desk' } })
  expect(outputOf(replay)).toEqual(['desk', 'string', true])
})
