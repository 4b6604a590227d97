import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadScenario, parseScenario } from '../../src/scenario/load-scenario.ts'
import { placesOf, spoil, VALID } from './scenario-text.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const FILE = join(ROOT, 'scenarios/x.yaml')
const INCIDENT = `incident:
  trigger: { span: tool_call }
  cause: { signal: steps, at_least: 3 }
  symptom: { signal: first_error_span, span: llm_generate:gpt-4o }
`
const HEAD = `id: a\ntitle: A\nrecording: r.jsonl\n${INCIDENT}`

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('fills in every default given only what is required', () => {
  const scenario = parseScenario(`${HEAD}agent: ./agent.ts#run\ncandidates: [{ id: b }]\n`, FILE)
  const agent = {
    kind: 'module',
    label: './agent.ts#run',
    module: join(ROOT, 'scenarios/agent.ts'),
    export: 'run',
    git: null,
    params: undefined,
    env: {},
  }
  const { positions, ...rest } = scenario
  expect(rest).toEqual({
    id: 'a',
    title: 'A',
    file: FILE,
    dir: join(ROOT, 'scenarios'),
    recording: join(ROOT, 'scenarios/r.jsonl'),
    evidence: [],
    stubs: [],
    overlay: join(ROOT, 'scenarios/x.live.jsonl'),
    agent,
    baseline: agent,
    input: undefined,
    incident: {
      trigger: { span: 'tool_call', at_least: 1 },
      cause: { signal: 'steps', at_least: 3 },
      symptom: { signal: 'first_error_span', span: 'llm_generate:gpt-4o' },
    },
    replay: {
      volatile: [],
      on_divergence: 'fail',
      accept: [],
      env: {},
      clock: 'virtual',
      tools: {},
      permission: 'on',
      addons: false,
      sandbox: 'auto',
      max_real_ms: 30_000,
      max_virtual_ms: 86_400_000,
      max_memory_mb: 1024,
    },
    candidates: [{ id: 'b', title: 'b', agent, expect: 'fixed', on_divergence: 'fail' }],
    verify: {
      required_evidence: 'live',
      accept_bypass: false,
      tolerance: { latency_ratio: 1.5, latency_ms: 1000, tokens_ratio: 1.5, steps: 2 },
      expect: {},
    },
  })
  expect(positions([])).toEqual({ line: 1, column: 1 })
})

test('resolves what a candidate inherits and overrides given all fields', () => {
  const { agent, baseline, candidates, replay, verify } = parseScenario(VALID, FILE)
  expect(agent).toMatchObject({ module: join(ROOT, 'agent.ts'), git: null, env: { MODE: 'test' } })
  expect(baseline).toMatchObject({ label: '../agent.ts#run at v1.4.2', module: join(ROOT, 'agent.ts'), git: 'v1.4.2' })
  expect(candidates).toMatchObject([
    {
      agent: { module: join(ROOT, 'fixes/back-off.ts'), params: { tries: 2 }, env: { MODE: 'careful' }, git: null },
      expect: 'fixed',
      on_divergence: 'stale',
    },
    {
      agent: { module: join(ROOT, 'agent.ts'), git: 'main', params: undefined, env: { MODE: 'test' } },
      expect: 'masked',
    },
  ])
  expect(replay.max_real_ms).toBe(5000)
  expect(verify).toMatchObject({
    required_evidence: 'exact',
    accept_bypass: true,
    tolerance: { latency_ms: 0, steps: 4 },
  })
})

test('takes the budget of memory given one', () => {
  expect(parseScenario(spoil('max_real_ms: 5000', 'max_memory_mb: 256'), FILE).replay.max_memory_mb).toBe(256)
})

test('takes each form of a baseline given one', () => {
  const baselineOf = (text: string) => parseScenario(spoil('{ git: v1.4.2 }', text), FILE).baseline
  expect(baselineOf('recorded')).toEqual({
    kind: 'recorded',
    label: 'recorded',
    params: undefined,
    env: { MODE: 'test' },
  })
  expect(baselineOf('../old.ts#go')).toMatchObject({ module: join(ROOT, 'old.ts'), export: 'go', git: null })
  expect(baselineOf('{ agent: ../old.ts#go, params: { a: 1 }, env: { X: y } }')).toMatchObject({
    module: join(ROOT, 'old.ts'),
    params: { a: 1 },
    env: { MODE: 'test', X: 'y' },
  })
  expect(baselineOf('{ agent: ../old.ts#go, git: v1 }')).toMatchObject({ module: join(ROOT, 'old.ts'), git: 'v1' })
})

test('puts the agent itself on trial given no candidates and another baseline', () => {
  const scenario = parseScenario(`${HEAD}agent: ./agent.ts#run\nbaseline: { git: v1 }\n`, FILE)
  expect(scenario.candidates).toEqual([
    { id: 'current', title: 'current', agent: scenario.agent, expect: 'fixed', on_divergence: 'fail' },
  ])
})

test.each([
  ['no baseline', 'agent: ./agent.ts#run\n'],
  ['the agent as baseline', 'agent: ./agent.ts#run\nbaseline: agent.ts#run\n'],
  ['the agent as a mapping', 'agent: ./agent.ts#run\nbaseline: { agent: ./agent.ts#run }\n'],
  ['an empty list', 'agent: ./agent.ts#run\ncandidates: []\n'],
  ['no agent', 'baseline: ./agent.ts#run\n'],
])('refuses a scenario without candidates given %s', (_, rest) => {
  expect(placesOf(HEAD + rest)).toContainEqual(expect.stringContaining('ERR_SCENARIO_NO_CANDIDATE'))
})

test('refuses a scenario given nobody to be the baseline', () => {
  expect(placesOf(`${HEAD}candidates: [{ id: b, agent: ./b.ts#run }]\n`)).toEqual(['ERR_SCENARIO_NO_BASELINE 1:1'])
})

test('refuses candidates and baselines without a module given no agent to take it from', () => {
  expect(placesOf(`${HEAD}baseline: { git: v1 }\ncandidates: [{ id: b, git: main }]\n`)).toEqual([
    'ERR_SCENARIO_NO_AGENT 8:11',
    'ERR_SCENARIO_NO_AGENT 9:14',
  ])
})

test('needs no agent given candidates and a baseline that name their own', () => {
  const scenario = parseScenario(`${HEAD}baseline: recorded\ncandidates: [{ id: b, agent: ./b.ts#run }]\n`, FILE)
  expect(scenario.agent).toBeNull()
  expect(scenario.candidates).toHaveLength(1)
})

test('tells an input of null from none given either', () => {
  expect(parseScenario(VALID, FILE).input).toBeUndefined()
  expect(parseScenario(`${VALID}input: null\n`, FILE).input).toBeNull()
  expect(parseScenario(`${VALID}input: { question: [1, "2", true] }\n`, FILE).input).toEqual({
    question: [1, '2', true],
  })
})

test('says where a value stands given its path', () => {
  const { positions } = parseScenario(VALID, FILE)
  expect(positions(['recording'])).toEqual({ line: 5, column: 12 })
  expect(positions(['incident'])).toEqual({ line: 8, column: 1 })
  expect(positions(['incident', 'cause', 'tool'])).toEqual({ line: 10, column: 47 })
  expect(positions(['candidates', 1, 'git'])).toEqual({ line: 26, column: 10 })
  expect(positions(['candidates', 1])).toEqual({ line: 25, column: 5 })
  expect(positions(['candidates', 1, 'agent'])).toEqual({ line: 25, column: 5 })
  expect(positions(['replay', 'volatile', 1])).toEqual({ line: 13, column: 39 })
  expect(positions(['nothing', 'of', 'this'])).toEqual({ line: 1, column: 1 })
})

test('finds the place behind an alias given a value that is repeated', () => {
  const text = spoil('env: { MODE: careful }', 'env: *env').replace('env: { MODE: test }', 'env: &env { MODE: test }')
  const { candidates, positions } = parseScenario(text, FILE)
  expect(candidates[0]?.agent.env).toEqual({ MODE: 'test' })
  expect(positions(['candidates', 0, 'env'])).toEqual({ line: 22, column: 10 })
  expect(positions(['candidates', 0, 'env', 'MODE'])).toEqual({ line: 15, column: 21 })
})

test('loads a file given its path', () => {
  const file = join(makeFolder(), 'a.yaml')
  writeFileSync(file, VALID)
  expect(loadScenario(file)).toMatchObject({ id: 'search-storm', file })
})

test('says that there is no file given a wrong path', () => {
  const missing = join(makeFolder(), 'a.yaml')
  expect(() => loadScenario(missing)).toThrow(
    expect.objectContaining({ code: 'ERR_SCENARIO_NOT_FOUND', location: { path: missing } }),
  )
})

test('says that a folder cannot be read as a scenario given one', () => {
  expect(() => loadScenario(makeFolder())).toThrow(expect.objectContaining({ code: 'ERR_SCENARIO_UNREADABLE' }))
})

test('refuses a file before reading it given a large one', () => {
  const file = join(makeFolder(), 'a.yaml')
  writeFileSync(file, Buffer.alloc(257 * 1024, '#'))
  expect(() => loadScenario(file)).toThrow(
    expect.objectContaining({ issues: [expect.objectContaining({ code: 'ERR_SCENARIO_TOO_LARGE' })] }),
  )
})

test('loads every scenario of the project', () => {
  const names = readdirSync(join(ROOT, 'scenarios')).filter((name) => name.endsWith('.yaml'))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    expect(loadScenario(join(ROOT, 'scenarios', name)).id).toBe(name.replace('.yaml', ''))
  }
})
