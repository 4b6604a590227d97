import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DESERVED, INCIDENTS } from '../../bench/verdicts/incidents.ts'
import { KINDS } from '../../bench/verdicts/kinds/all.ts'
import { isDenied, isFalseGreen } from '../../bench/verdicts/render.ts'
import { type BenchResult, type Case, ratesOf } from '../../bench/verdicts/result.ts'
import type { Verdict } from '../../src/model/verdict.ts'

const ROOT = join(import.meta.dirname, '../..')

function runBench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['bench/verdicts/run.ts', ...args], { cwd: ROOT })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (part) => (said[name] += String(part)))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...said }))
  })
}

test('gives every fix of an incident the verdict it deserves given a recording of its own', async () => {
  const { code, stdout, stderr } = await runBench('--only', 'timeout-storm-openai', '--no-peers', '--json')
  expect(code, stdout + stderr).toBe(0)
  const { cases, failures } = JSON.parse(stdout) as BenchResult
  expect(failures).toEqual([])
  const kind = KINDS.find(({ id }) => id === 'timeout-storm')
  // Hidden in another place, not only out of sight: it is told apart, by another word.
  const others: Record<string, Verdict> = { 'ask-the-mirror': 'inconclusive', 'retry-within-the-tool': 'regressed' }
  expect(cases.map(({ fix, verdict }) => [fix, verdict])).toEqual(
    kind?.fixes.map(({ id, truth }) => [id, others[id] ?? DESERVED[truth]]),
  )
}, 300_000)

test('refuses to measure nothing given a name that no incident has', async () => {
  const { code, stderr } = await runBench('--only', 'timeout-strom')
  expect(code).toBe(2)
  expect(stderr).toContain('timeout-strom')
})

test('holds what it promises: incidents, kinds, styles, and a fix of every sort in each kind', () => {
  expect(INCIDENTS.length).toBeGreaterThanOrEqual(24)
  expect(KINDS.length).toBeGreaterThanOrEqual(10)
  expect(new Set(INCIDENTS.map(({ style }) => style)).size).toBeGreaterThanOrEqual(4)
  expect(KINDS.flatMap(({ fixes }) => fixes).some(({ truth }) => truth === 'fragile')).toBe(true)
  for (const { id, fixes } of KINDS) {
    // A fix that depends on order or speed makes sense in few kinds.
    const truths = new Set<string>(fixes.map(({ truth }) => truth)).add('fragile')
    expect(truths, id).toEqual(new Set(Object.keys(DESERVED)))
    expect(new Set(fixes.map((fix) => fix.id)).size, id).toBe(fixes.length)
    expect(
      fixes.some(({ truth, unproved }) => truth === 'fixed' && unproved === undefined),
      id,
    ).toBe(true)
    for (const { because } of fixes) expect(because).toMatch(/^[A-Z].+\.$/)
  }
})

test('counts greens among bad fixes and reds among good ones, each by its own total', () => {
  const of = (truth: Case['truth'], verdict: Case['verdict'], nock: 'green' | 'red' | 'n/a'): Case => {
    const names = { incident: 'i', kind: 'k', style: 's', fix: 'f', because: 'It is so.' }
    return { ...names, truth, verdict, unproved: null, reasons: [], peers: { nock } }
  }
  const cases = [
    of('fixed', 'fixed', 'green'),
    of('fixed', 'inconclusive', 'red'),
    of('masked', 'fixed', 'n/a'),
    of('bypass', 'bypassed', 'green'),
    of('old-answer', 'inconclusive', 'red'),
  ]
  expect(cases.filter(isFalseGreen)).toEqual([cases[2]])
  expect(ratesOf(cases, 'retrial')).toEqual({ false_green: 1, of_bad: 3, false_red: 1, of_good: 2, not_asked: 0 })
  expect(ratesOf(cases, 'nock')).toEqual({ false_green: 1, of_bad: 2, false_red: 1, of_good: 2, not_asked: 1 })
  expect(ratesOf(cases, 'msw').not_asked).toBe(5)
})

test('says that a truth does not hold given a live run that denies it', () => {
  const live = (truth: Case['truth'], ends: 'good' | 'bad') => isDenied({ truth, live: ends } as Case)
  expect([live('fixed', 'bad'), live('no-op', 'good'), live('old-answer', 'good')]).toEqual([true, true, true])
  expect([live('fixed', 'good'), live('regressing', 'bad'), live('masked', 'good')]).toEqual([false, false, false])
})
