import { VERDICTS, type Verdict } from '../../src/model/verdict.ts'
import { DESERVED } from './incidents.ts'
import type { Truth } from './kinds/kind.ts'
import { PEER_TITLES, PEERS } from './peers/peers.ts'
import { type BenchResult, type Case, type Rates, ratesOf } from './result.ts'

const TRUTHS = Object.keys(DESERVED) as Truth[]

/** The result for people. */
export function render({ cases, failures, duration_s }: BenchResult): string {
  const incidents = new Set(cases.map(({ incident }) => incident)).size
  const kinds = new Set(cases.map(({ kind }) => kind)).size
  const parts = [
    `${cases.length} fixes of ${incidents} incidents of ${kinds} kinds, in ${Math.round(duration_s)} s`,
    table(confusion(cases)),
    table(comparison(cases)),
    table(greens(cases)),
    list('False greens', cases.filter(isFalseGreen).map(describe)),
    list(
      'False reds',
      cases
        .filter((one) => one.truth === 'fixed' && one.verdict !== 'fixed')
        .map((one) => `${describe(one)} (${why(one)})`),
    ),
    list('Other verdicts than deserved', cases.filter(isOther).map(describe)),
    list(
      'Truths that the live world denies',
      cases.filter(isDenied).map((one) => `${describe(one)}, live ${one.live}`),
    ),
    list('Not tried', failures),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** A fix that is none, and was judged `fixed`. */
export function isFalseGreen({ truth, verdict }: Case): boolean {
  return truth !== 'fixed' && verdict === 'fixed'
}

/** A live run that says something else than the truth that was written down; those that only hide or avoid, or help at times, may end either way. */
export function isDenied({ truth, live }: Case): boolean {
  if (live === undefined || truth === 'masked' || truth === 'bypass' || truth === 'fragile') return false
  return (truth === 'fixed') !== (live === 'good')
}

function isOther(one: Case): boolean {
  return one.truth !== 'fixed' && !isFalseGreen(one) && one.verdict !== DESERVED[one.truth]
}

function describe({ incident, fix, truth, verdict }: Case): string {
  return `${incident}/${fix}: ${truth}, judged ${verdict}`
}

function why({ unproved, reasons }: Case): string {
  return unproved === null ? `unexpected: ${reasons.join(', ')}` : `needs more evidence: ${unproved}`
}

function confusion(cases: readonly Case[]): string[][] {
  const given = VERDICTS.filter((verdict) => cases.some((one) => one.verdict === verdict))
  const count = (truth: Truth, verdict: Verdict): string => {
    const n = cases.filter((one) => one.truth === truth && one.verdict === verdict).length
    return n === 0 ? '·' : String(n)
  }
  return [
    ['truth \\ verdict', ...given],
    ...TRUTHS.map((truth) => [truth, ...given.map((verdict) => count(truth, verdict))]),
  ]
}

function comparison(cases: readonly Case[]): string[][] {
  const row = (title: string, { false_green, of_bad, false_red, of_good, not_asked }: Rates): string[] => {
    return [title, share(false_green, of_bad), share(false_red, of_good), String(not_asked)]
  }
  const asked = PEERS.filter((peer) => cases.some(({ peers }) => peer in peers))
  return [
    ['', 'false green', 'false red', 'n/a'],
    row('retrial verify', ratesOf(cases, 'retrial')),
    ...asked.map((peer) => row(PEER_TITLES[peer], ratesOf(cases, peer))),
  ]
}

/** How often each said green, by truth. */
function greens(cases: readonly Case[]): string[][] {
  const asked = PEERS.filter((peer) => cases.some(({ peers }) => peer in peers))
  const green = (truth: Truth, says: (one: Case) => boolean | undefined): string => {
    const answers = cases.filter((one) => one.truth === truth).flatMap((one) => says(one) ?? [])
    return answers.length === 0 ? '–' : `${answers.filter(Boolean).length}/${answers.length}`
  }
  return [
    ['green by truth', 'retrial verify', ...asked.map((peer) => PEER_TITLES[peer])],
    ...TRUTHS.map((truth) => [
      truth,
      green(truth, ({ verdict }) => verdict === 'fixed'),
      ...asked.map((peer) =>
        green(truth, ({ peers }) => (peers[peer] === 'n/a' ? undefined : peers[peer] === 'green')),
      ),
    ]),
  ]
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${part}/${whole} (${Math.round((100 * part) / whole)} %)`
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}: ${lines.length}\n${lines.map((line) => `  ${line}`).join('\n')}`
}

function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart((widths[i] ?? 0) + 2))).join(''),
    )
    .join('\n')
}
