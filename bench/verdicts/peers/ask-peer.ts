import type { AgentOutput } from '../agent/types.ts'
import type { Incident } from '../incidents.ts'
import { runChild } from '../run-child.ts'
import { type PeerName, whyNot } from './peers.ts'

/** What the usual practice says of a fix. */
export type PeerVerdict = 'green' | 'red' | 'n/a'

/** Runs an agent with a fix on a peer's mocks. Green: exit code 0, and the run says what the scenario expects of a good one. */
export async function askPeer(
  peer: PeerName,
  incident: Incident,
  fix: string,
  files: { recording: string; snapshot: string },
): Promise<PeerVerdict> {
  if (whyNot(peer, incident) !== null) return 'n/a'
  const { kind, style } = incident
  const args = [peer, kind.id, style, fix, files.recording, files.snapshot]
  const { code, stdout } = await runChild('bench/verdicts/peers/run-mocked.ts', args)
  return code === 0 && isGood(stdout, incident) ? 'green' : 'red'
}

/** Whether an output is what is expected of a good run. */
export function isGood(stdout: string, { kind: { output: wanted } }: Incident): boolean {
  const output = JSON.parse(stdout) as AgentOutput
  const text = JSON.stringify(output)
  if (output.stop_reason !== 'completed' || !new RegExp(wanted.matches).test(text)) return false
  return wanted.not_matches === undefined || !new RegExp(wanted.not_matches).test(text)
}
