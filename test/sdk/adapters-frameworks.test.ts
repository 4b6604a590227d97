import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportOtlp } from '../../src/interchange/export-otlp.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { type Court, type LiveRun, openCourt, outputOf } from '../replay/court.ts'
import { chatWire, responsesWire } from './openai-wires.ts'
import { type Provider, startProvider } from './start-provider.ts'

const MAX_REAL_MS = 90_000
const FIXTURES = join(import.meta.dirname, 'fixtures')

const agentOf = (file: string, name: string) => ({ module: join(FIXTURES, `${file}.ts`), export: name })

let provider: Provider
let court: Court

beforeAll(async () => {
  provider = await startProvider([chatWire, responsesWire])
  const offline = `--import ${pathToFileURL(join(FIXTURES, 'offline.ts')).href}`
  court = openCourt({ NODE_OPTIONS: offline, PROVIDER_ORIGIN: provider.origin })
})

afterAll(async () => {
  court.close()
  await provider.close()
})

async function record(file: string, name: string): Promise<LiveRun> {
  provider.reset()
  const run = await court.record(agentOf(file, name), { origin: provider.origin })
  expect(run.error).toBeUndefined()
  return run
}

/** A call by what it asks and within what it was made, `search_docs in invoke_agent support › step`. */
function outline(interactions: readonly Interaction[]): string[] {
  const names = new Map(interactions.map((one) => [one.id, nameOf(one)]))
  return interactions.map((one) => {
    const spans = (one.spans ?? []).map(({ name, nth }) => (nth === undefined ? name : `${name} #${nth}`)).join(' › ')
    const within = one.parent === undefined ? '' : ` within ${names.get(one.parent)}`
    return `${nameOf(one)}${within}${spans === '' ? '' : ` in ${spans}`}`
  })
}

function nameOf(one: Interaction): string {
  return one.kind === 'http' ? (new URL(one.request.url).pathname.split('/').at(-1) ?? '') : one.name
}

/** Nodes of a graph and steps come round again; the rest of a loop is the same for all. */
const loopOf = (first: string, tools: string, last: string) => [
  `completions in ${first}`,
  `search_docs in ${tools}`,
  `docs within search_docs in ${tools}`,
  `lookup_order in ${tools}`,
  `17 within lookup_order in ${tools}`,
  `completions in ${last}`,
]

const SUPPORT = 'invoke_agent support'
const RUNS = [
  {
    file: 'adapted-vercel-ai',
    name: 'generate',
    calls: loopOf(`${SUPPORT} › step`, `${SUPPORT} › step`, `${SUPPORT} › step #2`),
  },
  {
    file: 'adapted-vercel-ai',
    name: 'stream',
    calls: loopOf(`${SUPPORT} › step`, `${SUPPORT} › step`, `${SUPPORT} › step #2`),
  },
  { file: 'adapted-openai-agents', name: 'single', calls: loopOf(SUPPORT, SUPPORT, SUPPORT) },
  { file: 'adapted-openai-agents', name: 'streamed', calls: loopOf(SUPPORT, SUPPORT, SUPPORT) },
  {
    file: 'adapted-langgraph',
    name: 'graph',
    calls: loopOf('support › plan', 'support › tools', 'support › plan #2'),
  },
]

test.each(RUNS)('names every call and nests what a tool asks given $file, $name', async ({ file, name, calls }) => {
  const { recording } = await record(file, name)
  expect(outline(recording.interactions).toSorted()).toEqual(calls.toSorted())
  expect(recording.interactions.filter((one) => one.kind !== 'http' && one.lossy)).toEqual([])
})

test.each(RUNS)('replays in full, with the names, given $file, $name', async ({ file, name }) => {
  const live = await record(file, name)
  provider.reset()
  const replay = await court.replay(agentOf(file, name), live, { max_real_ms: MAX_REAL_MS })
  expect(replay).toMatchObject({ outcome: 'finished', divergences: [], egress: [] })
  expect(replay.grades.filter((grade) => grade !== 'exact' && grade !== 'renamed')).toEqual([])
  const interactions = replay.replayed?.interactions ?? []
  const { unused, coverage } = gradeEvidence(
    interactions,
    live.recording.interactions.filter(({ parent }) => parent === undefined).map(({ id }) => id),
  )
  expect({ unused, coverage }).toEqual({ unused: [], coverage: 1 })
  const own = live.recording.interactions.filter(({ parent }) => parent === undefined)
  expect(outline(interactions).toSorted()).toEqual(outline(own).toSorted())
  expect(outputOf(replay)).toEqual(live.output)
  expect(provider.requests).toEqual([])
})

test.each(RUNS)('lets the code of a tool run given a cut inside it ($file, $name)', async ({ file, name }) => {
  const live = await record(file, name)
  const inside = ['search_docs', 'lookup_order']
  const settings = { inside, max_real_ms: MAX_REAL_MS }
  const same = await court.replay(agentOf(file, name), live, settings)
  expect(same).toMatchObject({ outcome: 'finished', divergences: [] })
  expect(outline(same.replayed?.interactions ?? []).toSorted()).toEqual(outline(live.recording.interactions).toSorted())
  expect(outputOf(same)).toEqual(live.output)
  const params = { result: 'No refunds.' }
  const changed = await court.replay(agentOf(file, name), live, { ...settings, params })
  expect(changed).toMatchObject({ outcome: 'diverged', divergences: [{ kind: 'tool_result_changed' }] })
  const unseen = await court.replay(agentOf(file, name), live, { max_real_ms: MAX_REAL_MS, params })
  expect(unseen).toMatchObject({ outcome: 'finished', divergences: [] })
})
