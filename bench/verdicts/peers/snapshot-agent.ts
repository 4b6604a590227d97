import { readFileSync } from 'node:fs'
import { SnapshotAgent, setGlobalDispatcher } from 'undici'
import type { Peer } from './peer.ts'

/** undici's SnapshotAgent, playing back what it recorded of the same run itself, with its defaults. */
export const peer: Peer = {
  serve(_, snapshot) {
    setGlobalDispatcher(new SnapshotAgent({ mode: 'playback', snapshotPath: snapshot }))
    return JSON.parse(readFileSync(`${snapshot}.env`, 'utf8')) as Record<string, string>
  },
}
