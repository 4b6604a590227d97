import type { Incident } from '../incidents.ts'

/** The usual practice, with which the verdicts are compared. */
export const PEERS = ['nock', 'msw', 'aimock', 'snapshot-agent'] as const
export type PeerName = (typeof PEERS)[number]

/** How a peer is told to people. */
export const PEER_TITLES: Record<PeerName, string> = {
  nock: 'nock 14',
  msw: 'msw 2',
  aimock: 'AIMock --strict',
  'snapshot-agent': 'SnapshotAgent',
}

/** Why a peer has nothing to say of an incident; null when it has. */
export function whyNot(peer: PeerName, { kind }: Incident): string | null {
  if (peer === 'aimock' && kind.unfixed.stream) return 'its fixtures know no error within a stream'
  return null
}
