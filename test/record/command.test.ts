import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkLock } from '../../src/recording/lock-file.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { startServer } from './counting-server.ts'
import { httpOf, makeFolder } from './record-here.ts'
import { type Ended, fixture, retrial, run } from './run-cli.ts'

const AGENT = fixture('agent.ts')

/** Runs `retrial record … -- node agent.ts <args>` in a folder of its own. */
async function recordAgent(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; flags?: string[]; stdin?: string } = {},
) {
  const { base, hits } = await startServer()
  const folder = makeFolder()
  const out = join(folder, 'run.jsonl')
  const env = { BASE: base, ...options.env }
  const command = ['record', '--out', out, ...(options.flags ?? []), '--', 'node', AGENT, ...args]
  const ended = await retrial(command, { cwd: folder, env, onStart: (child) => void child.stdin?.end(options.stdin) })
  return { ...ended, base, hits, folder, out, env }
}

const recordingsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /\.jsonl/.test(name))
    .toSorted()

test('input, output and exit code are those of the agent, given an agent that reads and prints', async () => {
  const { code, stdout, stderr, folder, out, env } = await recordAgent(['echo', 'a', 'b'], { stdin: 'what it is told' })
  const plain = await run(process.execPath, [AGENT, 'echo', 'a', 'b'], {
    env,
    onStart: (child) => void child.stdin?.end('what it is told'),
  })
  expect([code, stdout]).toEqual([plain.code, plain.stdout])
  expect(stderr).toContain(`recorded ${out}`)
  expect(recordingsIn(folder)).toEqual(['run.jsonl'])
  const recording = await readRecording(out)
  expect(recording.integrity).toBe('sealed')
  expect(recording.finish).toMatchObject({ output: 'what it is told|2', error: null, stop_reason: 'completed' })
  expect(httpOf(recording).map(({ request }) => new URL(request.url).pathname)).toEqual(['/a', '/b'])
  expect(checkLock(out, recording.digest ?? '')).toEqual({ status: 'pinned' })
})

for (const exit of [0, 1, 3, 42]) {
  test(`the exit code goes through, given an agent that ends with ${exit}`, async () => {
    const { code, out } = await recordAgent(['exit', 'a'], { env: { CODE: String(exit) } })
    expect(code).toBe(exit)
    const { finish } = await readRecording(out)
    expect(finish?.stop_reason).toBe(exit === 0 ? 'completed' : 'error')
  })
}

test('what the agent throws is shown and recorded, given one that throws', async () => {
  const { code, stderr, out } = await recordAgent(['throw', 'a'])
  expect(code).toBe(1)
  expect(stderr).toContain('TypeError: the agent broke')
  const { finish } = await readRecording(out)
  expect(finish).toMatchObject({ stop_reason: 'error', error: { name: 'TypeError', message: 'the agent broke' } })
})

test('the agent prints all and the end of it is recorded, given one that prints much', async () => {
  const { code, stdout, out, env } = await recordAgent(['flood', 'a'])
  const plain = await run(process.execPath, [AGENT, 'flood', 'a'], { env })
  expect(code).toBe(0)
  expect(stdout === plain.stdout).toBe(true)
  const { finish } = await readRecording(out)
  expect(finish?.output).toBe(plain.stdout.slice(-65_536).trim())
})

const MODULES: Record<string, string> = {
  'agent.mjs': "import http from 'node:http'\nconst { base } = (await import('./base.mjs')).default",
  'agent.cjs': "const http = require('node:http')\nconst { base } = require('./base.cjs')",
  'agent.mts': "import http from 'node:http'\nconst base: string = process.env.BASE ?? ''",
}

for (const [name, head] of Object.entries(MODULES)) {
  test(`an agent is recorded as it stands, given ${name}`, async () => {
    const { base } = await startServer()
    const folder = makeFolder()
    writeFileSync(join(folder, 'base.mjs'), 'export default { base: process.env.BASE }')
    writeFileSync(join(folder, 'base.cjs'), 'module.exports = { base: process.env.BASE }')
    const body = 'http.get(base, (answer) => answer.resume().on("end", () => console.log("done", process.argv.length)))'
    writeFileSync(join(folder, name), `${head}\n${body}\n`)
    const ended = await retrial(['record', '--out', 'run.jsonl', '--', 'node', name], {
      cwd: folder,
      env: { BASE: base },
    })
    expect([ended.code, ended.stdout]).toEqual([0, 'done 2\n'])
    expect(httpOf(await readRecording(join(folder, 'run.jsonl')))).toHaveLength(1)
  })
}

test('each process and worker that calls has a file of its own, given children and workers at once', async () => {
  const { base, hits } = await startServer()
  const folder = makeFolder()
  writeFileSync(
    join(folder, 'many.mjs'),
    `import { spawn } from 'node:child_process'
     import { once } from 'node:events'
     import { Worker, isMainThread } from 'node:worker_threads'
     const role = isMainThread ? (process.argv[2] ?? 'parent') : 'worker'
     if (role === 'parent') {
       const children = [1, 2, 3].map((n) => spawn('node', ['many.mjs', 'child' + n], { stdio: 'inherit' }))
       const workers = [1, 2].map(() => new Worker('./many.mjs'))
       await Promise.all([...children, ...workers].map((one) => once(one, 'exit')))
     }
     await (await fetch(process.env.BASE + '/' + role)).text()`,
  )
  const env = { BASE: base, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` }
  const ended = await retrial(['record', '--out', 'run.jsonl', '--', 'node', 'many.mjs'], { cwd: folder, env })
  expect([ended.code, ended.stderr.match(/^recorded /gm)?.length]).toEqual([0, 6])
  expect(hits).toHaveLength(6)
  const files = recordingsIn(folder)
  expect(files).toHaveLength(6)
  const recordings = await Promise.all(files.map((file) => readRecording(join(folder, file))))
  const paths = recordings.map((one) =>
    httpOf(one)
      .map(({ request }) => new URL(request.url).pathname)
      .join(),
  )
  expect(paths.toSorted()).toEqual(['/child1', '/child2', '/child3', '/parent', '/worker', '/worker'])
  const pins = files.map((file, i) => checkLock(join(folder, file), recordings[i]?.digest ?? ''))
  expect(pins).toEqual(files.map(() => ({ status: 'pinned' })))
})

test('every recording is pinned, given processes of which one undoes the pin of the other', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  const script = `node ${AGENT} print a && rm recordings.lock.json && node ${AGENT} print b`
  const env = { BASE: base, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` }
  await retrial(['record', '--out', 'run.jsonl', '--', 'sh', '-c', script], { cwd: folder, env })
  const files = recordingsIn(folder)
  expect(files).toHaveLength(2)
  for (const file of files.map((name) => join(folder, name))) {
    expect(checkLock(file, (await readRecording(file)).digest ?? '')).toEqual({ status: 'pinned' })
  }
})

test('a readable recording without a seal is left, given an agent that is killed', async () => {
  const { code, stderr, out, folder } = await recordAgent(['kill', 'a', 'b'])
  expect(code).toBe(128 + 9)
  expect(stderr).toMatch(/not sealed/)
  expect(recordingsIn(folder)).toEqual(['run.jsonl'])
  await expect(readRecording(out)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_RECORDING_/) })
  const recording = await readRecording(out, { mode: 'prefix' })
  expect(recording.integrity).toBe('unsealed')
  expect(recording.finish).toBeNull()
  expect(httpOf(recording).map(({ end }) => end?.kind)).toEqual(['complete', 'complete'])
})

/** Sends a signal to `retrial` when the agent says that it waits. */
async function interrupt(how: string, signal: NodeJS.Signals): Promise<Ended & { out: string }> {
  const { base } = await startServer()
  const out = join(makeFolder(), 'run.jsonl')
  const ended = await retrial(['record', '--out', out, '--', 'node', AGENT, how, 'a'], {
    env: { BASE: base },
    onStart: (child) => void child.stdout?.once('data', () => child.kill(signal)),
  })
  return { ...ended, out }
}

test('the agent gets the signal and ends as it likes, given SIGINT to the recorder of one that tidies up', async () => {
  const { code, stdout, out } = await interrupt('tidy', 'SIGINT')
  expect([code, stdout]).toEqual([7, 'waiting\ntidied\n'])
  expect((await readRecording(out)).finish?.stop_reason).toBe('error')
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`what was recorded is kept, given ${signal} to the recorder of an agent that does not tidy up`, async () => {
    const ended = await interrupt('wait', signal)
    expect(ended.code).toBe(code)
    const recording = await readRecording(ended.out, { mode: 'prefix' })
    expect([recording.integrity, httpOf(recording).length]).toEqual(['unsealed', 1])
  })
}

test('nothing is run, given a recording that is there already', async () => {
  const { base, hits } = await startServer()
  const folder = makeFolder()
  for (const taken of ['run.jsonl', 'part.jsonl.part']) {
    writeFileSync(join(folder, taken), 'precious')
    const out = join(folder, taken.replace('.part', '').replace('part', 'part'))
    const ended = await retrial(['record', '--out', out, '--', 'node', AGENT, 'print', 'a'], { env: { BASE: base } })
    expect([ended.code, hits.length]).toEqual([2, 0])
    expect(ended.stderr).toContain('ERR_CLI_RECORDING_EXISTS')
    expect(readFileSync(join(folder, taken), 'utf8')).toBe('precious')
  }
})

test('the old recording is replaced and nothing else, given --force and processes one after the other', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  const out = join(folder, 'run.jsonl')
  writeFileSync(out, 'old')
  writeFileSync(join(folder, 'run.p1.jsonl'), 'a neighbour')
  const twice = `node ${AGENT} print first && node ${AGENT} print second`
  const env = { BASE: base, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` }
  const ended = await retrial(['record', '--out', out, '--force', '--', 'sh', '-c', twice], { env })
  expect([ended.code, ended.stderr.match(/^recorded /gm)?.length]).toEqual([0, 2])
  expect(readFileSync(join(folder, 'run.p1.jsonl'), 'utf8')).toBe('a neighbour')
  const made = recordingsIn(folder).filter((name) => name !== 'run.p1.jsonl')
  const urls = await Promise.all(
    made.map(async (name) => httpOf(await readRecording(join(folder, name)))[0]?.request.url),
  )
  expect(urls).toEqual([`${base}/first`, `${base}/second`])
})

test('the old recording is still there, given --force and a command that records nothing', async () => {
  const folder = makeFolder()
  const out = join(folder, 'run.jsonl')
  writeFileSync(out, 'old')
  for (const [command, error] of [
    [['node', '-e', '0'], 'ERR_CLI_NOTHING_RECORDED'],
    [['no-such-program'], 'ERR_CLI_COMMAND'],
  ] as const) {
    const ended = await retrial(['record', '--out', out, '--force', '--', ...command])
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain(error)
    expect(readdirSync(folder)).toEqual(['run.jsonl'])
    expect(readFileSync(out, 'utf8')).toBe('old')
  }
})

test('no file is written, given a command that calls nobody', async () => {
  const { code, stderr, stdout, folder } = await recordAgent(['print'])
  expect(code).toBe(2)
  expect(stderr).toContain('ERR_CLI_NOTHING_RECORDED')
  expect(stdout).toBe('{"answers":0}\n')
  expect(readdirSync(folder)).toEqual([])
})

test('what the options say is in the recording, given all of them', async () => {
  const flags = ['--run-id', 'run_9fd2', '--release', '2.4.1', '--workflow', 'refunds', '--agent', 'support']
  flags.push('--agent-ref', './agent.ts#run', '--input', '{"question":"why"}', '--env', 'FEATURES', 'SHOP')
  const env = { FEATURES: 'a,b', SHOP: 'east', OTHER: 'not kept' }
  const { out } = await recordAgent(['print', 'a'], { flags, env })
  const { run: context, input, agent_ref, runtime } = await readRecording(out)
  expect(context).toMatchObject({ run_id: 'run_9fd2', release: '2.4.1', workflow: 'refunds', agent: 'support' })
  expect([input, agent_ref]).toEqual([{ question: 'why' }, './agent.ts#run'])
  expect(runtime.env).toMatchObject({ FEATURES: 'a,b', SHOP: 'east' })
  expect(runtime.env).not.toHaveProperty('OTHER')
})

test('nothing is run, given an input that is not JSON', async () => {
  const { code, stderr, hits } = await recordAgent(['print', 'a'], { flags: ['--input', '{oops'] })
  expect([code, hits.length]).toEqual([2, 0])
  expect(stderr).toContain('ERR_CLI_INPUT')
})

test('the agent runs as ever and the failure is said once, given a folder that recordings cannot be written to', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  writeFileSync(join(folder, 'file'), '')
  const args = ['record', '--out', join(folder, 'file', 'run.jsonl'), '--', 'node', AGENT, 'print', 'a', 'b']
  const { stdout, stderr } = await retrial(args, { env: { BASE: base } })
  expect(stdout).toBe('{"answers":2}\n')
  expect(stderr.match(/this run is not recorded/g)).toHaveLength(1)
})

test('a folder that is not there yet is made, given --out within it', async () => {
  const { base } = await startServer()
  const folder = makeFolder()
  mkdirSync(join(folder, 'work dir'))
  const out = join(folder, 'work dir', 'deep', 'run')
  const { code } = await retrial(['record', '--out', out, '--', 'node', AGENT, 'print', 'a'], { env: { BASE: base } })
  expect([code, existsSync(out)]).toEqual([0, true])
})
