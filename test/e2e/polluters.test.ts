import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/core/hash.ts'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

/** Outside of the folder for temporary files, in which an agent may write. */
const LEFT = join(import.meta.dirname, 'left-behind.txt')

/** What a fix does besides its work, as it stands in its `run`, and the verdict on it. */
const POLLUTERS: Record<string, { source: string; verdict: string }> = {
  globals: {
    source: `globalThis.fetch = () => { throw new Error('gone') }; globalThis.runs = (globalThis.runs ?? 0) + 1`,
    verdict: 'fixed',
  },
  prototypes: {
    source: `Object.prototype.polluted = 'yes'; Array.prototype.last = function () { return this.at(-1) }`,
    verdict: 'fixed',
  },
  modules: {
    source: `const { createRequire } = await import('node:module')
  const require = createRequire(import.meta.url)
  for (const key of Object.keys(require.cache)) delete require.cache[key]
  require('node:http').request = () => { throw new Error('gone') }`,
    verdict: 'fixed',
  },
  listeners: {
    source: `for (const name of ['exit', 'uncaughtException', 'message', 'SIGTERM']) process.on(name, () => {}); process.removeAllListeners('disconnect')`,
    verdict: 'fixed',
  },
  variables: {
    source: `process.env.TZ = 'Asia/Tokyo'; process.env.OPENAI_BASE_URL = 'http://elsewhere.test'; process.exitCode = 7`,
    verdict: 'fixed',
  },
  folder: { source: `process.chdir('/')`, verdict: 'fixed' },
  files: {
    source: `const fs = await import('node:fs'); fs.writeFileSync(${JSON.stringify(LEFT)}, 'x')`,
    verdict: 'inconclusive',
  },
  handles: {
    source:
      'setInterval(() => {}, 1); setImmediate(function again() { setImmediate(again) }); new MessageChannel().port1.onmessage = () => {}',
    verdict: 'inconclusive',
  },
  'late-throw': {
    source: `setTimeout(() => { throw new Error('late') }, 1); await new Promise((resolve) => setTimeout(resolve, 5))`,
    verdict: 'error',
  },
  'late-rejection': {
    source: `void Promise.reject(new Error('late')); await new Promise((resolve) => setTimeout(resolve, 5))`,
    verdict: 'error',
  },
  exit: { source: 'process.exit(0)', verdict: 'error' },
  signal: { source: `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})`, verdict: 'error' },
  abort: { source: 'process.abort()', verdict: 'error' },
  loop: { source: 'for (;;);', verdict: 'error' },
}

const VERDICTS = Object.fromEntries(Object.entries(POLLUTERS).map(([id, { verdict }]) => [id, verdict]))

/** The desk with a good fix, and the same fix that leaves something behind. */
async function openPolluted(): Promise<Project> {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'good.ts', DESK_FIX)
  for (const [id, { source }] of Object.entries(POLLUTERS)) {
    project.write(
      `${id}.ts`,
      `// @ts-nocheck
import { run as good } from './good.ts'
export async function run(input) {
  const output = await good(input)
  ${source}
  return output
}\n`,
    )
  }
  return project
}

const REPLAYS = '.retrial/replays/desk'

async function verify(project: Project, ids: string[], args: string[] = []) {
  const candidates = ids.map(
    (id) =>
      `  - { id: ${id}, agent: ../${id.replace(/^good.*/, 'good')}.ts#run, expect: ${VERDICTS[id] ?? 'fixed'} }\n`,
  )
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}replay: { max_real_ms: 8000 }\ncandidates:\n${candidates.join('')}`,
  )
  const { verdicts, candidate } = await project.verify(args)
  const good = ids.filter((id) => id.startsWith('good')).map((id) => project.read(`${REPLAYS}/candidate-${id}.jsonl`))
  return { verdicts, candidate, good: good.map((text) => sha256(text)) }
}

test('harms no trial beside it, and gets one verdict with its reason, given a candidate that leaves anything behind', async () => {
  const project = await openPolluted()
  const alone = await verify(project, ['good'])
  expect(alone.verdicts).toEqual({ good: 'fixed' })
  const ids = Object.keys(POLLUTERS).flatMap((id, i) => (i % 4 === 0 ? [`good-${i}`, id] : [id]))
  for (const args of [
    ['--workers', '3'],
    ['--workers', '2', '--ahead', '0'],
  ]) {
    const { verdicts, candidate, good } = await verify(project, [...ids, 'good-last'], args)
    expect(Object.fromEntries(Object.keys(VERDICTS).map((id) => [id, verdicts[id]]))).toEqual(VERDICTS)
    expect([...new Set(good)]).toEqual(alone.good)
    for (const [id, verdict] of Object.entries(VERDICTS)) {
      if (verdict !== 'error') continue
      const codes = candidate(id).reasons.map(({ code }) => code)
      expect(
        codes.filter((code) => code.startsWith('agent_') && code !== 'agent_output'),
        id,
      ).toHaveLength(1)
    }
    expect(candidate('files').reasons[0]?.message).toMatch(/^1 attempt to write outside .* `os\.tmpdir\(\)`/)
    expect(candidate('files').egress).toMatchObject([{ layer: 'file', at: expect.stringContaining('files.ts:5:') }])
  }
  expect(existsSync(LEFT)).toBe(false)
  expect(readdirSync(project.path(REPLAYS)).filter((name) => /\.\d+(\.part)?$/.test(name))).toEqual([])
}, 240_000)
