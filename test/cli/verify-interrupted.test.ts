import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { openCourt, stormScenario } from './open-court.ts'

const court = openCourt()
afterAll(() => court.close())

// Holds its process for ever: it cannot notice that its parent is gone.
court.write(
  'busy/busy.ts',
  `export function run() {
  for (;;);
}
`,
)
const candidates = ['one', 'two', 'three'].map((id) => ({ id, agent: './busy.ts#run' }))
court.write('busy/scenario.yaml', stormScenario({ candidates, replay: { max_real_ms: 60_000 } }))

/** The processes below one, by `/proc`. */
function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // Gone in between.
    }
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (isSo()) return
    await sleep(50)
  }
  throw new Error(`it never came to this: ${what}`)
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`exits with ${code}, leaves no process and no report given ${signal}`, async () => {
    court.write('report.json', '{"an": "earlier report"}')
    rmSync(join(court.folder, '.retrial'), { recursive: true, force: true })
    let below: number[] = []
    const interrupt = async (child: ChildProcess): Promise<void> => {
      const pid = child.pid ?? 0
      // A candidate has its job: the recording of its replay is begun.
      const replays = join(court.folder, '.retrial/replays/storm')
      await until(
        'a candidate runs',
        () => existsSync(replays) && readdirSync(replays).some((name) => name.includes('baseline')),
      )
      below = descendantsOf(pid)
      child.kill(signal)
    }
    let interrupted: Promise<void> = Promise.resolve()
    const ended = await court.run(['verify', 'busy', '--json', '--output', 'report.json'], {
      onStart: (child) => {
        interrupted = interrupt(child)
      },
    })
    await interrupted
    expect(ended).toEqual({ code, stdout: '', stderr: '' })
    expect(below.length).toBeGreaterThan(0)
    await until('no process is left', () => below.every((pid) => !existsSync(`/proc/${pid}`)))
    expect(readdirSync(court.folder).filter((name) => name.startsWith('report'))).toEqual([])
  })
}

test('shows no stack and keeps the exit code of the gate given a reader that leaves early', async () => {
  const wrong = court.read('scenarios/search-docs-retry-storm.yaml').replace('expect: masked', 'expect: fixed')
  court.write('wrong/scenario.yaml', wrong)
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const pipe = (args: string) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      // The reader is gone before a word is said.
      const line = `"$NODE" "$MAIN" ${args} | true; exit "\${PIPESTATUS[0]}"`
      const child = spawn('bash', ['-c', line], {
        cwd: court.folder,
        env: { ...process.env, NODE: process.execPath, MAIN: main },
      })
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      child.once('close', (code) => resolve({ code, stderr }))
    })
  expect(await pipe('verify wrong --json --only swallow')).toEqual({ code: 1, stderr: '' })
  expect(await pipe('verify wrong --json --only fall-back')).toEqual({ code: 141, stderr: '' })
  expect(await pipe('verify nowhere 2>&1')).toMatchObject({ code: 2 })
})

test('does not look like a success given a full disk behind stdout', async () => {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn('bash', ['-c', '"$NODE" "$MAIN" verify --only fall-back > /dev/full'], {
    cwd: court.folder,
    env: { ...process.env, NODE: process.execPath, MAIN: main },
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(stderr).toMatch(/^The output could not be written: .*ENOSPC.* \[ERR_CLI_OUTPUT\]\n$/)
  expect(code).toBe(4)
})
