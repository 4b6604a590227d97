import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportOtlp } from '../../src/interchange/export-otlp.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import { projectRun } from '../../src/trace/project-run.ts'
import { gradeEvidence } from '../../src/verify/grade-evidence.ts'
import { type Court, type LiveRun, openCourt, outputOf } from '../replay/court.ts'
import { chatWire } from './openai-wires.ts'
import { type Provider, startProvider, type Wire } from './start-provider.ts'

const MAX_REAL_MS = 90_000
const FIXTURES = join(import.meta.dirname, 'fixtures')

const agentOf = (file: string, name: string) => ({ module: join(FIXTURES, `${file}.ts`), export: name })

/** A model that hands over to another agent where that is offered. */
const wire: Wire = {
  ...chatWire,
  answer(body, turn, path) {
    const isOffered = JSON.stringify(body.tools ?? []).includes('"hand_over"')
    return chatWire.answer(body, isOffered ? { calls: [{ name: 'hand_over', args: {} }] } : turn, path)
  },
}

let provider: Provider
let court: Court

beforeAll(async () => {
  provider = await startProvider([wire])
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

/** Version 6 of the AI SDK tells of calls of models only. */
const SIX = {
  file: 'adapted-ai-6',
  name: 'generate',
  calls: [
    `completions in ${SUPPORT}`,
    'search_docs',
    'docs within search_docs',
    'lookup_order',
    '17 within lookup_order',
    `completions in ${SUPPORT} #2`,
  ],
}

test.each([...RUNS, SIX])(
  'names every call and nests what a tool asks given $file, $name',
  async ({ file, name, calls }) => {
    const { recording } = await record(file, name)
    expect(outline(recording.interactions).toSorted()).toEqual(calls.toSorted())
    expect(recording.interactions.filter((one) => one.kind !== 'http' && one.lossy)).toEqual([])
  },
)

test.each([...RUNS, SIX])('replays in full, with the names, given $file, $name', async ({ file, name }) => {
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

const PAIRS = [
  { file: 'adapted-vercel-ai', path: (name: string) => `invoke_workflow support › invoke_agent ${name} › step` },
  { file: 'adapted-openai-agents', path: (name: string) => `invoke_agent ${name}` },
  { file: 'adapted-langgraph', path: (name: string) => `support › ${name}` },
]

test.each(PAIRS)('keeps names apart given two agents at once ($file)', async ({ file, path }) => {
  const { recording } = await record(file, 'pair')
  const asked = recording.interactions.filter((one) => one.kind === 'http' && one.request.url.endsWith('completions'))
  expect(asked).toHaveLength(4)
  for (const one of asked) {
    const agent = JSON.stringify(one).includes('You know orders') ? 'orders' : 'policies'
    expect(one.spans?.map(({ name }) => name).join(' › ')).toBe(path(agent))
  }
})

test('names an agent within a node of a graph', async () => {
  const live = await record('adapted-langgraph', 'nested')
  expect(outline(live.recording.interactions)[0]).toBe('completions in support › triage › invoke_agent helper › agent')
})

test('names the agent that took over given a hand-off', async () => {
  const live = await record('adapted-openai-agents', 'handedOver')
  expect(outline(live.recording.interactions)).toEqual([
    'completions in invoke_agent triage',
    'completions in invoke_agent support',
  ])
})

test('names the calls of a model given its middleware alone', async () => {
  const live = await record('adapted-vercel-ai', 'middleware')
  const asked = outline(live.recording.interactions).filter((call) => call.startsWith('completions'))
  expect(asked).toEqual(['completions in invoke_agent by middleware', 'completions in invoke_agent by middleware #2'])
})

test('exports agents as the parents of what they did', async () => {
  const { recording } = await record('adapted-vercel-ai', 'pair')
  const [resource] = exportOtlp(projectRun(recording)).resourceSpans as unknown as {
    scopeSpans: { spans: OtlpSpan[] }[]
  }[]
  const spans = resource?.scopeSpans[0]?.spans ?? []
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const ancestors = (span: OtlpSpan): string[] => {
    const parent = byId.get(span.parentSpanId ?? '')
    return parent === undefined ? [] : [...ancestors(parent), parent.name]
  }
  const models = spans.filter(({ name }) => name.startsWith('chat '))
  const paths = models.map((span) => ancestors(span).slice(1).join(' › '))
  const pathOf = (agent: string) => `invoke_workflow support › invoke_agent ${agent} › step`
  expect(paths.toSorted()).toEqual(['orders', 'orders', 'policies', 'policies'].map(pathOf))
  for (const span of spans) {
    const parent = byId.get(span.parentSpanId ?? '')
    if (parent === undefined) continue
    expect(BigInt(parent.startTimeUnixNano) <= BigInt(span.startTimeUnixNano)).toBe(true)
    expect(BigInt(parent.endTimeUnixNano) >= BigInt(span.endTimeUnixNano)).toBe(true)
  }
})

interface OtlpSpan {
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
}

test('compares nothing by names given a recording with other ones, or with none', async () => {
  const live = await record('adapted-vercel-ai', 'generate')
  const replay = async (run: LiveRun) => {
    const { outcome, divergences, grades, replayed } = await court.replay(
      agentOf('adapted-vercel-ai', 'generate'),
      run,
      {
        max_real_ms: MAX_REAL_MS,
      },
    )
    const served = replayed?.interactions.map(({ evidence, spans }) => ({ evidence, spans }))
    return { outcome, divergences, grades, served, output: replayed?.finish?.output }
  }
  const expected = await replay(live)
  expect(expected).toMatchObject({ outcome: 'finished', divergences: [] })
  for (const spans of [undefined, [{ name: 'another' }]]) {
    const interactions = live.recording.interactions.map(({ spans: _, ...one }) =>
      spans === undefined ? one : { ...one, spans },
    )
    const named = await replay(court.save({ ...live.recording, interactions }))
    expect(named).toEqual(expected)
  }
})

test('diverges given an agent that wraps tools and a recording of one that did not', async () => {
  const live = await record('adapted-vercel-ai', 'plain')
  expect(live.recording.interactions.every(({ kind }) => kind === 'http')).toBe(true)
  const wrapped = agentOf('adapted-vercel-ai', 'generate')
  const { outcome, divergences } = await court.replay(wrapped, live, { max_real_ms: MAX_REAL_MS })
  expect(outcome).toBe('diverged')
  expect(divergences[0]).toMatchObject({ kind: 'new_request', summary: 'tool search_docs', grade: 'none' })
})

test('answers what a tool asked, and says that it is not wrapped, given an agent without the wrappers of the recorded one', async () => {
  const live = await record('adapted-vercel-ai', 'generate')
  const plain = await court.replay(agentOf('adapted-vercel-ai', 'plain'), live, { max_real_ms: MAX_REAL_MS })
  expect(plain).toMatchObject({ outcome: 'finished', divergences: [] })
  const unwrapped = plain.sources.map(({ name }) => name).filter((name) => name.startsWith('unwrapped:'))
  expect(unwrapped.toSorted()).toEqual(['unwrapped:lookup_order', 'unwrapped:search_docs'])
})
