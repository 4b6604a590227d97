import { INCIDENTS, type Incident } from './incidents.ts'
import { askPeer, isGood } from './peers/ask-peer.ts'
import { PEERS } from './peers/peers.ts'
import type { Case } from './result.ts'
import { runChild } from './run-child.ts'
import { type Trial, tryIncident } from './try-incident.ts'

export interface MeasureOptions {
  /** Where recordings, scenarios and replays go. */
  dir: string
  /** Whether the usual practice is asked as well. */
  peers: boolean
  /** Whether each fix is also run in its live world, to see whether its truth holds. */
  live: boolean
}

/** The incidents of a name: of a whole one, of a kind, or of a style. */
export function findIncidents(name: string): Incident[] {
  return INCIDENTS.filter(({ id, kind, style }) => [id, kind.id, style].includes(name))
}

/**
 * Tries every fix of an incident.
 *
 * @throws When the incident cannot be recorded or tried, or its unfixed agent does not reproduce it.
 */
export async function measure(incident: Incident, options: MeasureOptions): Promise<Case[]> {
  const trial = await tryIncident(incident, options.dir)
  if (trial.baseline.verdict !== 'reproduced') {
    const reasons = trial.baseline.reasons.map(({ message }) => message)
    throw new Error(`${incident.id}: the unfixed agent is ${trial.baseline.verdict}: ${reasons.join('; ')}`)
  }
  const cases = toCases(incident, trial)
  if (options.peers) await askPeers(incident, cases, trial.recording)
  if (options.live) for (const one of cases) one.live = await runLive(incident, one.fix)
  return cases
}

function toCases({ id, kind, style }: Incident, { candidates }: Trial): Case[] {
  return kind.fixes.map((fix) => {
    const report = candidates.find((candidate) => candidate.id === fix.id)
    if (!report) throw new Error(`${id}: nothing was said of ${fix.id}`)
    return {
      incident: id,
      kind: kind.id,
      style,
      fix: fix.id,
      truth: fix.truth,
      because: fix.because,
      unproved: fix.unproved ?? null,
      verdict: report.verdict,
      reasons: report.reasons.map(({ code }) => code),
      peers: {},
    }
  })
}

async function askPeers(incident: Incident, cases: readonly Case[], recording: string): Promise<void> {
  const { id, kind, style } = incident
  const snapshot = recording.replace(/\.jsonl$/, '.snapshot.json')
  const made = await runChild('bench/verdicts/in-world.ts', [kind.id, style, 'snapshot', snapshot])
  if (made.code !== 0) throw new Error(`${id}: no snapshot could be made: ${made.stderr}`)
  for (const one of cases) {
    for (const peer of PEERS) one.peers[peer] = await askPeer(peer, incident, one.fix, { recording, snapshot })
  }
}

/** How long a customer waits, the start of a process included, ms. */
const LIVE_LIMIT_MS = 50_000

/** Slower than a test may be is bad as well. */
async function runLive(incident: Incident, fix: string): Promise<'good' | 'bad'> {
  const { kind, style } = incident
  const began = performance.now()
  const { code, stdout } = await runChild('bench/verdicts/in-world.ts', [kind.id, style, 'live', fix])
  const isLate = performance.now() - began > LIVE_LIMIT_MS
  return code === 0 && !isLate && isGood(stdout, incident) ? 'good' : 'bad'
}
