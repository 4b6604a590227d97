import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/core/hash.ts'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const HEAD = "import { run as unfixed } from './agent.ts'\n"

/** Fixes that are none, each with the verdict on it. */
const BAD: Record<string, { source: string; verdict: string }> = {
  'swallows-the-error': {
    source: `${HEAD}export async function run(input) {
  const { answer } = await unfixed(input)
  return { stop_reason: 'completed', answer }
}\n`,
    verdict: 'masked',
  },
  constant: {
    source: "export const run = () => ({ stop_reason: 'completed', answer: 'All is well.' })\n",
    verdict: 'inconclusive',
  },
  nothing: { source: 'export function run() {}\n', verdict: 'inconclusive' },
  'asks-once-then-constant': {
    source: `import OpenAI from 'openai'
export async function run(input) {
  const real = globalThis.fetch
  let calls = 0
  globalThis.fetch = (...args) => {
    if (++calls > 1) throw new Error('enough')
    return real(...args)
  }
  const { run: unfixed } = await import('./agent.ts')
  await unfixed(input).catch(() => {})
  return { stop_reason: 'completed', answer: 'All is well.' }
}\n`,
    verdict: 'bypassed',
  },
  'gives-its-tool-up-at-once': {
    source: `import { run as unfixed } from './agent.ts'
export async function run(input) {
  const real = globalThis.fetch
  globalThis.fetch = (url, init) => real(url, String(url).includes('/orders/') ? { ...init, signal: AbortSignal.abort() } : init)
  await unfixed(input).catch(() => {})
  return { stop_reason: 'completed', answer: 'A colleague will look into it.' }
}\n`,
    verdict: 'bypassed',
  },
  throws: { source: "export function run() { throw new TypeError('a bug in the fix') }\n", verdict: 'error' },
  exits: { source: 'export function run() { process.exit(0) }\n', verdict: 'error' },
  'dies-at-once': { source: "throw new Error('cannot be loaded')\nexport function run() {}\n", verdict: 'error' },
  'crashes-later': {
    source: `${HEAD}export async function run(input) {
  setTimeout(() => { throw new Error('from a timer') }, 1)
  return unfixed(input)
}\n`,
    verdict: 'error',
  },
  'never-ends': { source: 'export const run = () => new Promise(() => {})\n', verdict: 'inconclusive' },
  spins: { source: 'export function run() { for (;;) {} }\n', verdict: 'error' },
  'goes-out': {
    source: `${HEAD}export async function run(input) {
  await fetch('http://127.0.0.1:9/elsewhere').catch(() => {})
  await unfixed(input)
  return { stop_reason: 'completed', answer: '' }
}\n`,
    verdict: 'inconclusive',
  },
}

/** Changes to the agent itself: where, what, and the verdict. */
const CHANGES: Record<string, { change: readonly [from: string, to: string]; verdict: string }> = {
  good: { change: DESK_FIX, verdict: 'fixed' },
  'gives-up-a-step-earlier': { change: ['step < 4', 'step < 3'], verdict: 'not_fixed' },
  'gives-up-before-it-repeats': { change: ['step < 4', 'step < 2'], verdict: 'refuted' },
  'gives-up-at-once': {
    change: [DESK_FIX[0], DESK_FIX[1].replace('completed', 'tool_error')],
    verdict: 'regressed',
  },
  // What the model is told is what it was told, but nobody asked the orders service.
  'tells-the-failure-without-asking': {
    change: [
      'const response = await fetchOrder(id)',
      "if (step > 0) return { stop_reason: 'completed', answer: 'A colleague will look into it.' }\n      const response = new Response(null, { status: 503 })",
    ],
    verdict: 'bypassed',
  },
}

const VERDICTS = Object.fromEntries(
  [...Object.entries(CHANGES), ...Object.entries(BAD)].map(([id, { verdict }]) => [id, verdict]),
)

/** The desk with bad fixes, and one that is good. */
async function openTrial(): Promise<Project> {
  const project = await openDesk()
  for (const [id, { source }] of Object.entries(BAD)) project.write(`${id}.ts`, `// @ts-nocheck\n${source}`)
  for (const [id, { change }] of Object.entries(CHANGES)) project.copy('desk-agent.ts', `${id}.ts`, change)
  return project
}

function writeScenario(project: Project, ids: string[], settings = ''): void {
  const candidates = ids.map((id) => `  - { id: ${id}, agent: ../${id}.ts#run, expect: ${VERDICTS[id]} }\n`)
  const replay = 'replay: { max_real_ms: 5000 }\n'
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${replay}${settings}candidates:\n${candidates.join('')}`)
}

const REPLAYS = '.retrial/replays/desk'

/** What a run said and wrote, but for how long it took. */
async function verifyAll(project: Project, ids: string[], workers: number) {
  writeScenario(project, ids)
  const { reports, verdicts } = await project.verify(['--workers', String(workers)])
  const candidates = (reports[0]?.candidates ?? []).map(({ duration_ms: _, ...rest }) => rest)
  const files = readdirSync(project.path(REPLAYS)).sort()
  const replays = files.map((name) => [name, sha256(readFileSync(project.path(`${REPLAYS}/${name}`)))])
  return {
    verdicts,
    candidates: candidates.sort((a, b) => (a.id < b.id ? -1 : 1)),
    replays: Object.fromEntries(replays),
  }
}

test('gives each bad fix its verdict, the same to the byte given any order and any number of workers', async () => {
  const project = await openTrial()
  const ids = Object.keys(VERDICTS)
  const oneByOne = await verifyAll(project, ids, 1)
  expect(oneByOne.verdicts).toEqual(VERDICTS)
  expect(Object.keys(oneByOne.replays)).toContain('candidate-good.jsonl')
  const atOnce = await verifyAll(project, ids.toReversed(), 4)
  expect(atOnce).toEqual(oneByOne)
})

test('says of every candidate that the incident was not reproduced given a baseline that is fixed', async () => {
  const project = await openTrial()
  const ids = ['good', 'swallows-the-error', 'constant', 'gives-up-a-step-earlier', 'goes-out']
  writeScenario(project, ids, 'baseline: ../good.ts#run\n')
  const { code, verdicts, reports } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('not_reproduced')
  expect(verdicts).toEqual(Object.fromEntries(ids.map((id) => [id, 'not_reproduced'])))
  expect(code).toBe(3)
})

test('gives no candidate more than inconclusive given a baseline that broke', async () => {
  const project = await openTrial()
  const ids = ['good', 'swallows-the-error', 'constant', 'nothing']
  writeScenario(project, ids, 'baseline: ../dies-at-once.ts#run\n')
  const { code, verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual(Object.fromEntries(ids.map((id) => [id, 'error'])))
  expect(candidate('good').reasons[0]?.code).toBe('baseline_error')
  expect(code).toBe(4)
})

test('tells of a run cut short which steps were proved, and why it was cut', async () => {
  const project = await openTrial()
  writeScenario(project, ['spins', 'never-ends', 'goes-out', 'constant'])
  const { candidate } = await project.verify()
  const codes = (id: string) => candidate(id).reasons.map(({ code }) => code)
  expect(codes('spins')).toContain('agent_hung')
  expect(codes('never-ends')).toContain('deadlocked')
  expect(codes('goes-out')).toContain('diverged')
  expect(codes('constant')).toContain('nothing_exercised')
})

test('says that the budget of memory is used up and how to raise it, given a fix that hoards', async () => {
  const project = await openDesk()
  project.write(
    'hoards.ts',
    `export function run() {
  console.log('what the agent printed')
  const hoard: number[][] = []
  for (;;) hoard.push(new Array(1e6).fill(0.5))
}\n`,
  )
  const candidates = 'candidates: [{ id: hoards, agent: ../hoards.ts#run }]\n'
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}replay: { max_memory_mb: 128 }\n${candidates}`)
  const { code, candidate } = await project.verify()
  const { verdict, reasons } = candidate('hoards')
  expect([code, verdict]).toEqual([4, 'error'])
  expect(reasons.map((reason) => [reason.code, reason.message])).toEqual([
    [
      'agent_crashed',
      "the agent's process died: it used up its budget of 128 MB of memory. " +
        'Find what it keeps, or raise `replay.max_memory_mb` in the scenario',
    ],
    ['agent_output', expect.stringMatching(/what the agent printed$/)],
  ])
})
