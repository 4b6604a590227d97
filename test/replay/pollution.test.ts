import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, type Court, fixture, type LiveRun, openCourt } from './court.ts'
import { callsTool, says } from './plan-chat.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
let live: LiveRun
let alone: string
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
  const plan = [callsTool(), says('Within 30 days.')]
  live = await court.record(fixture('assistant'), { origin: world.origin, key: 'pollution', plan })
  alone = await bytesOf(fixture('assistant'))
})
afterAll(async () => {
  court.close()
  await world.close()
})

async function bytesOf(agent: Agent): Promise<string> {
  const { recording, end } = await court.replay(agent, live)
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  return readFileSync(recording ?? '', 'utf8')
}

/** What an agent may leave behind, each as it would be written in its `run`. */
const LEFT: Record<string, string> = {
  'globals of its own':
    'globalThis.seen = (globalThis.seen ?? 0) + 1; globalThis.fetch = () => { throw new Error("gone") }',
  'other built-in methods':
    'Array.prototype.map = () => []; Promise.prototype.then = undefined; JSON.stringify = () => "{}"',
  'other clocks and chance': 'Date.now = () => 0; Math.random = () => 0; globalThis.setTimeout = () => 0',
  'the state of shared modules':
    'const { default: http } = await import("node:http"); http.request = () => {}; http.globalAgent.maxSockets = 0',
  'another environment': 'process.env.TZ = "Asia/Tokyo"; process.env.OPENAI_BASE_URL = "http://elsewhere.test"',
  'another folder': 'process.chdir("/")',
  listeners:
    'for (const event of ["exit", "uncaughtException", "unhandledRejection", "message"]) process.on(event, () => process.exit(9))',
  'an exit code': 'process.exitCode = 7',
  'timers, immediates and ports': `
    setInterval(() => {}, 1)
    setImmediate(function again() { setImmediate(again) })
    const { port1 } = new MessageChannel()
    port1.ref?.()
    port1.onmessage = () => {}`,
  'open files': 'const fs = await import("node:fs"); for (let i = 0; i < 50; i++) fs.openSync(import.meta.filename)',
  'promises that nobody handles': 'setTimeout(() => Promise.reject(new Error("late")), 50)',
}

test.each(Object.keys(LEFT))(
  'the next replay is what it is alone, byte for byte, given one before it that leaves %s',
  async (what) => {
    const polluter = court.agent(`export async function run() {\n${LEFT[what]}\nreturn 'done'\n}`)
    const module = fixture('assistant').module
    const user = court.agent(`import { run as assistant } from '${module}'
export async function run(input) {
${LEFT[what]}
return assistant(input).catch(() => null)
}`)
    // More replays than processes that wait: each kind meets one that was started before and one that was started after.
    const [first, , , last] = await Promise.all([
      bytesOf(fixture('assistant')),
      court.replay(polluter, live),
      court.replay(user, live),
      bytesOf(fixture('assistant')),
    ])
    expect(first).toBe(alone)
    expect(last).toBe(alone)
    expect(await bytesOf(fixture('assistant'))).toBe(alone)
  },
)

test('a module begins anew in every replay given one that counts its runs', async () => {
  const shared = join(court.folder, 'shared.ts')
  writeFileSync(shared, 'export const state = { runs: 0 }\n')
  const counter = court.agent(`import { state } from './shared.ts'\nexport const run = () => ++state.runs`)
  for (let i = 0; i < 3; i++) {
    const { replayed } = await court.replay(counter, live)
    expect(replayed?.finish?.output).toBe(1)
  }
})
