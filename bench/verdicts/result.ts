import type { Verdict } from '../../src/model/verdict.ts'
import type { Truth } from './kinds/kind.ts'
import type { PeerVerdict } from './peers/ask-peer.ts'
import type { PeerName } from './peers/peers.ts'

/** One fix of one incident: what it is, and what was said of it. */
export interface Case {
  incident: string
  kind: string
  style: string
  fix: string
  truth: Truth
  because: string
  /** Why the recording cannot prove it, for a true fix of that sort. */
  unproved: string | null
  verdict: Verdict
  /** The codes of the reasons for the verdict. */
  reasons: string[]
  peers: Partial<Record<PeerName, PeerVerdict>>
  /** How the fix really ends in its live world, good or bad; only with `--live`. */
  live?: 'good' | 'bad'
}

/** The document that `--json` prints. */
export interface BenchResult {
  format: 'retrial-verdicts/1'
  cases: Case[]
  /** Incidents that could not be tried, or whose unfixed agent did not reproduce. */
  failures: string[]
  duration_s: number
}

/** Greens among fixes that are none, and reds among those that are; of how many. */
export interface Rates {
  false_green: number
  of_bad: number
  false_red: number
  of_good: number
  not_asked: number
}

/** The rates of retrial, or of a peer. */
export function ratesOf(cases: readonly Case[], by: 'retrial' | PeerName): Rates {
  const rates: Rates = { false_green: 0, of_bad: 0, false_red: 0, of_good: 0, not_asked: 0 }
  for (const one of cases) {
    const said = by === 'retrial' ? (one.verdict === 'fixed' ? 'green' : 'red') : one.peers[by]
    if (said === undefined || said === 'n/a') rates.not_asked++
    else if (one.truth === 'fixed') {
      rates.of_good++
      if (said === 'red') rates.false_red++
    } else {
      rates.of_bad++
      if (said === 'green') rates.false_green++
    }
  }
  return rates
}
