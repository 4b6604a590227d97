import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProbeOutcome } from '../../src/model/isolation.ts'

const run = promisify(execFile)
const SCRIPT = join(import.meta.dirname, 'fixtures/probe-level.ts')
const NOBODY = { uid: 65_534, gid: 65_534 }
const PATIENCE_MS = 300_000

interface Level {
  walls: string[]
  outcomes: ProbeOutcome[]
  sandbox: string | null
  user: number | null
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retrial-no-bwrap-'))
  for (const name of ['unshare', 'readlink']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    if (stdout.trim() !== '') symlinkSync(stdout.trim(), join(folder, name))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** How to start something as a user without rights: root becomes nobody, or, where nobody may not look, loses its rights. */
function asNormalUser(args: string[]): [file: string, args: string[], options: object] {
  if (process.getuid?.() !== 0) return [process.execPath, args, {}]
  const { status } = spawnSync(
    process.execPath,
    ['-e', `require('node:fs').readFileSync(${JSON.stringify(SCRIPT)})`],
    NOBODY,
  )
  if (status === 0) return [process.execPath, args, { ...NOBODY, cwd: '/' }]
  return ['setpriv', ['--bounding-set=-all', '--inh-caps=-all', process.execPath, ...args], {}]
}

async function runLevel(name: string, user: 'this' | 'normal', env: NodeJS.ProcessEnv = {}): Promise<Level> {
  const args = ['--no-warnings', SCRIPT, name]
  const [file, all, options] = user === 'normal' ? asNormalUser(args) : [process.execPath, args, {}]
  const { stdout } = await run(file, all, {
    ...options,
    env: { PATH: process.env.PATH, ...env },
    maxBuffer: 1 << 26,
    timeout: PATIENCE_MS,
  })
  return JSON.parse(stdout) as Level
}

/** What Node has no such way for, or never lets anybody through. */
const LED_NOWHERE = ['EventSource', 'process._linkedBinding', 'process.execve', 'a SQLite database']

test(
  'the world is there to be reached given every way out and no walls',
  async () => {
    const { outcomes } = await runLevel('nothing', 'this')
    expect(outcomes.length).toBeGreaterThan(100)
    const nowhere = outcomes.filter(({ contacts }) => contacts.length === 0).map(({ name }) => name)
    expect(nowhere.filter((name) => !LED_NOWHERE.includes(name))).toEqual([])
    const heard = new Set(outcomes.flatMap(({ contacts }) => contacts))
    expect(heard).toEqual(new Set(['tcp', 'udp', 'unix', 'listen', 'file', 'itself']))
  },
  PATIENCE_MS,
)

/** Those are answered by a door, or start their process when no code of the agent's is on the stack: no place is named. */
const UNPLACED = ['fetch', 'http.request', 'https.request', 'http over a Unix socket', 'EventSource', 'node:test run']

/** Nothing was reached, and each attempt was counted once and named with its place. */
function expectClosed({ outcomes }: Level): void {
  expect(outcomes.filter(({ contacts }) => contacts.length > 0)).toEqual([])
  const tried = outcomes.filter(({ account }) => account !== 'missing')
  expect(tried.length).toBeGreaterThan(95)
  expect(tried.filter(({ counted }) => counted !== 1)).toEqual([])
  const unplaced = tried.filter(({ places }) => places.some((place) => !place?.includes('/probes/')))
  expect(unplaced.map(({ name }) => name).filter((name) => !UNPLACED.includes(name))).toEqual([])
}

const LEVELS: [level: string, user: 'this' | 'normal', walls: string[]][] = [
  ['guard', 'this', ['guard']],
  ['guard + permission', 'this', ['guard', 'permission']],
  ['guard + permission', 'normal', ['guard', 'permission']],
]

test.each(LEVELS)(
  'no way out leads anywhere and each attempt is counted and named given %s and %s user',
  async (name, user, walls) => {
    const level = await runLevel(name, user)
    expect(level.walls).toEqual(walls)
    expectClosed(level)
  },
  PATIENCE_MS,
)

test.each([
  ['this', 'the best sandbox'],
  ['normal', 'the best sandbox'],
  ['normal', 'a namespace'],
] as const)(
  'no way out leads anywhere given %s user and %s of the system, if there is one',
  async (user, which) => {
    const env = which === 'a namespace' ? { PATH: folder } : {}
    const level = await runLevel('guard + permission + sandbox', user, env)
    expect(level.walls).toEqual(['guard', 'permission', ...(level.sandbox === null ? [] : [level.sandbox])])
    if (which === 'a namespace') expect([null, 'namespace']).toContain(level.sandbox)
    expectClosed(level)
  },
  PATIENCE_MS,
)
