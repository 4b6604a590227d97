import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReplayPool } from '../../src/replay/replay-pool.ts'
import { type Court, type LiveRun, openCourt, outputOf } from './court.ts'

let court: Court
let live: LiveRun
beforeAll(async () => {
  court = openCourt()
  live = await court.record(court.agent(`export const run = () => 'done'`))
})
afterAll(() => court.close())

const KEEPER = `
  import fs from 'node:fs'
  import os from 'node:os'
  import path from 'node:path'
  export async function run() {
    const folder = os.tmpdir()
    const before = fs.readdirSync(folder)
    const made = fs.mkdtempSync(path.join(folder, 'a-'))
    await fs.promises.writeFile(path.join(made, 'b'), 'kept')
    fs.renameSync(path.join(made, 'b'), path.join(folder, 'c'))
    await new Promise((resolve) => fs.createWriteStream(path.join(folder, 'd')).end('streamed', resolve))
    fs.rmSync(made, { recursive: true })
    return { folder, before, after: fs.readdirSync(folder), text: fs.readFileSync(path.join(folder, 'c'), 'utf8') }
  }`

interface Kept {
  folder: string
  before: string[]
  after: string[]
  text: string
}

test('each replay has an empty folder for temporary files, at the same path, and it is removed', async () => {
  const agent = court.agent(KEEPER)
  const replays = [await court.replay(agent, live), await court.replay(agent, live)]
  const [first, second] = replays.map((replay) => outputOf(replay) as unknown as Kept)
  expect(replays.map(({ egress }) => egress)).toEqual([[], []])
  expect(first).toMatchObject({ before: [], after: ['c', 'd'], text: 'kept' })
  expect(second).toEqual(first)
  expect(existsSync(first?.folder ?? '')).toBe(false)
})

test('two replays at a time have folders of their own given the same label', async () => {
  // Longer than it takes to start a process: both have begun before one ends.
  const busy = "const { pbkdf2Sync } = await import('node:crypto')\n    pbkdf2Sync('a', 'b', 3_000_000, 64, 'sha512')"
  const agent = court.agent(KEEPER.replace('return {', `${busy}\n    return {`))
  const replays = await Promise.all([court.replay(agent, live), court.replay(agent, live)])
  const kept = replays.map((replay) => outputOf(replay) as unknown as Kept)
  expect(kept.map(({ before }) => before)).toEqual([[], []])
  expect(new Set(kept.map(({ folder }) => folder)).size).toBe(2)
})

test('a scratch folder of the scenario is used as it is, and kept', async () => {
  const scratch = join(court.folder, 'mine')
  mkdirSync(scratch)
  writeFileSync(join(scratch, 'old'), 'old')
  const replay = await court.replay(court.agent(KEEPER), live, { isolation: { scratch } })
  expect(replay.egress).toEqual([])
  expect(outputOf(replay)).toMatchObject({ folder: scratch, before: ['old'], after: ['c', 'd', 'old'] })
  expect(readFileSync(join(scratch, 'd'), 'utf8')).toBe('streamed')
})

test('a call that only the permission model refuses is counted and named given a swallowed error', async () => {
  const agent = court.agent(`
    import fs from 'node:fs'
    import os from 'node:os'
    import path from 'node:path'
    export async function run() {
      const file = path.join(os.tmpdir(), 'file')
      const fd = fs.openSync(file, 'w+')
      try { fs.fchmodSync(fd, 0o600) } catch {}
      await new Promise((resolve) => fs.fchmod(fd, 0o600, resolve))
      return 'all is well'
    }`)
  const strict = await court.replay(agent, live)
  expect(outputOf(strict)).toBe('all is well')
  expect(strict.isolation).toEqual(['guard', 'permission'])
  expect(strict.egress).toMatchObject([
    { layer: 'permission', at: expect.stringMatching(/agent-\d+\.ts:8:/) },
    { layer: 'permission', at: expect.stringMatching(/agent-\d+\.ts:9:/) },
  ])
  const lax = await court.replay(agent, live, { isolation: { permission: false } })
  expect([lax.isolation, lax.egress]).toEqual([['guard'], []])
})

test('native addons are asked for only given a scenario that allows them', async () => {
  const agent = court.agent(`
    export function run() {
      try { process.dlopen({ exports: {} }, '/nowhere.node') } catch (error) { return error.code }
    }`)
  const strict = await court.replay(agent, live)
  expect([outputOf(strict), strict.egress.length]).toEqual(['EACCES', 1])
  const lax = await court.replay(agent, live, { isolation: { addons: true } })
  expect([outputOf(lax), lax.egress.length]).toEqual(['ERR_DLOPEN_FAILED', 0])
  expect(lax.isolation).toEqual(['guard', 'permission'])
})

test('what a killed run left in its work folder is removed by the next', async () => {
  const left = join(court.folder, 'work', '4194299-1')
  mkdirSync(left)
  writeFileSync(join(left, 'replay.jsonl.part'), '')
  createReplayPool({ workDir: join(court.folder, 'work') }).close()
  expect(existsSync(left)).toBe(false)
})

test('the recording of a replay is out of the reach of its agent', async () => {
  const replay = await court.replay(
    court.agent(`
      import fs from 'node:fs'
      export function run() {
        const open = fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })
        const own = open.find((path) => path.includes('replay.jsonl')) ?? '/proc/self/fd/4'
        try { fs.appendFileSync(own, 'forged') } catch (error) { return error.code }
      }`),
    live,
  )
  expect([outputOf(replay), replay.egress.length, replay.replayed?.integrity]).toEqual(['EACCES', 1, 'sealed'])
})
