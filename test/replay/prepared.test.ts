import { execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, type Court, fixture, type LiveRun, openCourt, type Replay } from './court.ts'
import { callsTool, says } from './plan-chat.ts'
import { startWorld, type World } from './start-world.ts'

let world: World
let court: Court
let live: LiveRun
beforeAll(async () => {
  world = await startWorld()
  court = openCourt()
  const plan = [callsTool(), says('Within 30 days.')]
  live = await court.record(fixture('assistant'), { origin: world.origin, key: 'prepared', plan })
})
afterAll(async () => {
  court.close()
  await world.close()
})

/** Everything of a replay that a verdict or a report may rest on. */
function traceOf(replay: Replay): unknown {
  const { end, divergences, egress, output, virtual_ms, recording } = replay
  const bytes = recording === null ? null : readFileSync(recording, 'utf8')
  return JSON.parse(
    JSON.stringify({ end, divergences, egress, output, virtual_ms, bytes }).replace(/replay-\d+/g, 'replay'),
  )
}

const ASSISTANT = fixture('assistant').module

/** Modules that do something while they are loaded; all run the same agent in the end. */
const LOADING: Record<string, string> = {
  nothing: '',
  'a long piece of work': 'let sum = 0; for (let i = 0; i < 3e7; i++) sum += i',
  'a file that is awaited': `import { readFile } from 'node:fs/promises'; await readFile(import.meta.filename)`,
  'a file that nobody awaits': `import { readFile } from 'node:fs/promises'
let seen = 'nothing'
void readFile(import.meta.filename).then(() => { seen = 'the file' })
export const look = () => console.log(seen)`,
  'a wait': 'await new Promise((resolve) => setTimeout(resolve, 1500))',
  'an interval': 'let beats = 0; setInterval(() => beats++, 7).unref(); export const look = () => console.log(beats)',
  'a call that is awaited': `await fetch(ORIGIN + '/v1/x').catch(() => 0)`,
  'draws and the time': 'console.log(Math.random(), crypto.randomUUID(), Date.now(), performance.now())',
  'a listener for messages': `process.on('message', () => process.exit(9)); process.removeAllListeners('disconnect')`,
  'other built-in methods': 'Promise.prototype.then = undefined; setImmediate = undefined; JSON.stringify = () => "{}"',
  'an attempt to get out': `import net from 'node:net'; net.connect(9, '127.0.0.1').on('error', () => {})`,
  'an attempt at another descriptor': `import fs from 'node:fs'; for (const fd of [3, 4, 5]) try { fs.writeSync(fd, 'x') } catch {}`,
  'a hundred immediates': 'let left = 100; setImmediate(function again() { if (--left > 0) setImmediate(again) })',
  'an error': `throw new TypeError('while loading')`,
  'an error of nobody': `void Promise.reject(new TypeError('of nobody'))`,
  'an end of the process': 'process.exit(3)',
  'a signal': `process.kill(process.pid, 'SIGKILL')`,
}

function loading(source: string): Agent {
  return court.agent(`import { run as assistant } from '${ASSISTANT}'
const ORIGIN = 'http://127.0.0.1:9'
${source}
export async function run(input) {
  ${source.includes('look') ? 'look()' : ''}
  const answer = await assistant(input)
  ${source.includes('look') ? 'look()' : ''}
  return answer
}`)
}

test.each(Object.keys(LOADING))(
  'a replay is the same to the byte prepared or not given an agent that loads with %s',
  async (what) => {
    const agent = loading(LOADING[what] ?? '')
    const settings = { max_virtual_ms: 60_000 }
    const plain = await court.replay(agent, live, settings)
    const prepared = court.prepare(agent, live, settings)
    // Others run meanwhile, so that it has waited for a while.
    await court.replay(fixture('assistant'), live)
    await court.replay(fixture('assistant'), live)
    expect(traceOf(await prepared.run())).toEqual(traceOf(plain))
  },
  60_000,
)

test('a job is run all the same given an agent that goes on for ever as soon as it is loaded', async () => {
  const agent = loading('setImmediate(function again() { setImmediate(again) })')
  const prepared = [court.prepare(agent, live), court.prepare(agent, live)]
  await court.replay(fixture('assistant'), live)
  for (const one of prepared) {
    const { end, grades } = await one.run()
    expect(end).toEqual({ outcome: 'finished', agent_error: null })
    expect(grades).toEqual(['exact', 'exact'])
  }
})

test('an agent is loaded once, ahead of its run, given a job that was announced', async () => {
  const agent = court.agent(`console.log('pid ' + process.pid)
export const run = () => 'done'`)
  const prepared = court.prepare(agent, live)
  await expect.poll(() => begun(court), { timeout: 60_000 }).toBe(1)
  await expect.poll(() => replaying().length, { timeout: 20_000 }).toBeGreaterThan(0)
  const { output, end } = await prepared.run()
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  expect(output.match(/pid/g)).toHaveLength(1)
})

test('a job is run all the same given that the process which prepared it was killed', async () => {
  // As many as there are processes that wait: each has a job.
  const prepared = court.prepare(fixture('assistant'), live)
  court.prepare(fixture('assistant'), live)
  await expect.poll(() => begun(court), { timeout: 60_000 }).toBe(2)
  for (const pid of replaying()) process.kill(pid, 'SIGKILL')
  const { end, grades } = await prepared.run()
  expect(end).toEqual({ outcome: 'finished', agent_error: null })
  expect(grades).toEqual(['exact', 'exact'])
})

test('nothing is left, neither process nor file, given a job that was announced and never run', async () => {
  const other = openCourt()
  other.prepare(fixture('assistant'), live)
  await expect.poll(() => begun(other), { timeout: 60_000 }).toBe(1)
  other.closePool()
  await expect.poll(() => begun(other), { timeout: 60_000 }).toBe(0)
  expect(readdirSync(other.folder).filter((name) => name.includes('replay'))).toEqual([])
  other.close()
})

/** How many recordings were begun that nobody has taken yet: what a process does before it loads its agent. */
function begun({ folder }: Court): number {
  return readdirSync(join(folder, 'work'), { recursive: true }).filter((name) => String(name).endsWith('.part')).length
}

/** Replay processes of this one that are there. */
function replaying(): number[] {
  return processes().flatMap(({ ppid, pid, args }) =>
    ppid === process.pid && args.includes('replay-process') ? pid : [],
  )
}

function processes(): { ppid: number; pid: number; args: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [, ppid, pid, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ ppid: Number(ppid), pid: Number(pid), args: args ?? '' }]
  })
}

test.each([
  ['runs', 'export function run() { console.error("pid " + process.pid); for (;;); }'],
  ['is loaded', 'console.error("pid " + process.pid); for (;;);'],
])(
  'no replay process outlives its parent given one that is killed while an agent loops where it %s',
  async (_where, source) => {
    const parent = spawn(process.execPath, [fixture('orphans').module, court.agent(source).module, live.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const children = await new Promise<number[]>((resolve) => {
      let text = ''
      parent.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('\n')) resolve(JSON.parse(text) as number[])
      })
    })
    expect(children.length).toBeGreaterThan(0)
    parent.kill('SIGKILL')
    const left = (): number[] => processes().flatMap(({ pid }) => (children.includes(pid) ? pid : []))
    await expect.poll(left, { timeout: 20_000 }).toEqual([])
  },
  60_000,
)
