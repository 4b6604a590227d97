/**
 * One run of an agent on mocks: `run-mocked.ts <peer> <kind> <style> <fix> <recording> <snapshot>`. Prints the output of the agent as
 * JSON; the exit code is 0 when it has one, as of a test that only runs the agent.
 */
import type { AgentInput, AgentOutput, AgentParams } from '../agent/types.ts'
import { agentPath } from '../incidents.ts'
import { kindOf } from '../kinds/all.ts'
import type { Style } from '../kinds/kind.ts'
import { readExchanges } from './exchange.ts'
import type { Peer } from './peer.ts'
import type { PeerName } from './peers.ts'

/** What test runners give a test by default. */
const LIMIT_MS = 5_000

/** Loaded only when it is used: nock patches `fetch` when it is imported. */
const LOAD: Record<PeerName, () => Promise<{ peer: Peer }>> = {
  nock: () => import('./nock.ts'),
  msw: () => import('./msw.ts'),
  aimock: () => import('./aimock.ts'),
  'snapshot-agent': () => import('./snapshot-agent.ts'),
}

const [name = '', kindId = '', style = '', fix = '', recording = '', snapshot = ''] = process.argv.slice(2)
const recorded = await readExchanges(recording)
const { peer } = await LOAD[name as PeerName]()
Object.assign(process.env, await peer.serve(recorded, snapshot))
const path = new URL(`../../../${agentPath(style as Style)}`, import.meta.url).href
const { run } = (await import(path)) as { run(input: AgentInput, params: AgentParams): Promise<AgentOutput> }
setTimeout(() => process.exit(1), LIMIT_MS)
const kind = kindOf(kindId)
const output = await run({ kind: kind.id, question: kind.question }, { fix })
process.stdout.write(`${JSON.stringify(output)}\n`, () => process.exit(0))
