import { afterAll, expect, test } from 'vitest'
import { FIXES, openCourt, stormScenario } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt()
afterAll(() => court.close())

/** Verifies one scenario file, and gives the exit code, the verdicts and the reasons of its first candidate. */
async function verify(scenario: string, ...args: string[]) {
  court.write('trial/scenario.yaml', scenario)
  const { code, stdout } = await court.run(['verify', 'trial', '--json', ...args])
  const report = readReport(stdout)
  const [candidate] = report.scenarios[0]?.candidates ?? []
  return {
    code,
    baseline: report.scenarios[0]?.baseline.verdict,
    verdicts: Object.values(verdictsOf(report)),
    reasons: candidate?.reasons.map((reason) => reason.code) ?? [],
    report,
  }
}

test('fails the gate given any verdict but the one expected', async () => {
  const wrong = openCourt()
  try {
    const ROTATED = { masked: 'fixed', not_fixed: 'masked', regressed: 'not_fixed', inconclusive: 'regressed' }
    for (const id of ['empty-search-loop', 'model-overload-after-release', 'search-docs-retry-storm']) {
      const path = `scenarios/${id}.yaml`
      const rotated = wrong
        .read(path)
        .replace(/(\n {2}- id: (?:hand-over-early|answer-from-facts|fall-back)\n)/, '$1    expect: inconclusive\n')
        .replace(/( {4}expect: )(masked|not_fixed|regressed|inconclusive)\n/g, (whole, head: string, verdict) => {
          if (whole.endsWith('inconclusive\n') && !id.startsWith('search')) return whole
          return `${head}${ROTATED[verdict as keyof typeof ROTATED]}\n`
        })
      wrong.write(
        path,
        rotated.replace('- id: fall-back\n    expect: regressed', '- id: fall-back\n    expect: masked'),
      )
    }
    const { code, stdout } = await wrong.run(['verify', '--json'])
    const report = readReport(stdout)
    expect(code).toBe(1)
    expect(report.summary).toMatchObject({ exit_code: 1, gates: { pass: 0, fail: 12, inconclusive: 1 } })
  } finally {
    wrong.close()
  }
})

test('does not pass the unfixed agent given as a fix', async () => {
  const unfixed = [{ id: 'unfixed', agent: '../examples/support-agent/agent.ts#run' }]
  expect(await verify(stormScenario({ candidates: unfixed }))).toMatchObject({
    code: 1,
    baseline: 'reproduced',
    verdicts: ['not_fixed fail'],
  })
})

test('proves nothing given a fix that asks a question which was not recorded', async () => {
  court.edit(
    'examples/support-agent/fixes/search-docs-retry-storm/fall-back.ts',
    '    ...released,\n',
    '    ...released,\n    systemPrompt: "Be brief.",\n',
  )
  const { code, verdicts, reasons, report } = await verify(stormScenario())
  expect({ code, verdicts }).toEqual({ code: 3, verdicts: ['inconclusive inconclusive'] })
  expect(reasons).toContain('diverged')
  expect(report.scenarios[0]?.candidates[0]?.divergences[0]).toMatchObject({ step: 1, kind: 'prompt_changed' })

  const stale = await verify(stormScenario({ replay: { on_divergence: 'stale' } }))
  expect(stale).toMatchObject({ code: 3, verdicts: ['inconclusive inconclusive'] })
  const { stdout, code: text } = await court.run(['verify', 'trial'])
  expect(text).toBe(3)
  expect(stdout).toMatch(/\n +\+Be brief\.\n/)
  expect(stdout).toMatch(/\ngate inconclusive · 1 inconclusive · 1 scenario, 1 candidate/)
})

test('proves nothing given answers below the required evidence', async () => {
  court.write(
    'trial/dated.ts',
    `import { converse, released } from '../examples/support-agent/agent.ts'

const { fetch } = globalThis
globalThis.fetch = (url, init) => fetch(url, { ...init, body: init?.body && date(init.body) })
const date = (text) => JSON.stringify({ ...JSON.parse(text), user: 'another' })
export const run = (input) => converse(input, released)
`,
  )
  const dated = {
    candidates: [{ id: 'dated', agent: './dated.ts#run', expect: 'not_fixed' }],
    replay: { volatile: ['$.user'] },
  }
  const weak = await verify(stormScenario({ ...dated, verify: { required_evidence: 'ignored' } }))
  expect(weak).toMatchObject({ code: 0, verdicts: ['not_fixed pass'] })
  expect(weak.report.scenarios[0]?.candidates[0]?.evidence.worst).toBe('ignored')
  const strict = await verify(stormScenario({ ...dated, verify: { required_evidence: 'exact' } }))
  expect(strict).toMatchObject({ code: 3, verdicts: ['inconclusive inconclusive'] })
  expect(strict.reasons).toContain('weak_evidence')
})

test('fixes nothing given a baseline that does not reproduce the incident', async () => {
  const calm = { candidates: [{ id: 'shorter', agent: `${FIXES}/shorter-timeout.ts#run` }] }
  const red = await verify(stormScenario({ ...calm, baseline: `${FIXES}/swallow.ts#run` }))
  expect(red).toMatchObject({ code: 3, baseline: 'not_reproduced', verdicts: ['not_reproduced inconclusive'] })
  const never = { trigger: { span: 'tool_call:search_docs', error_class: 'timeout', at_least: 99 } }
  const { incident } = JSON.parse(stormScenario()) as { incident: object }
  const bare = await verify(stormScenario({ ...calm, incident: { ...incident, ...never } }))
  expect(bare).toMatchObject({ code: 3, baseline: 'not_reproduced', verdicts: ['not_reproduced inconclusive'] })
})

test('blames the baseline given one that breaks', async () => {
  court.write(
    'trial/broken.ts',
    `import { converse, released } from '../examples/support-agent/agent.ts'
const beforeTools = () => { throw new Error('not today') }
export const run = (input) => converse(input, { ...released, beforeTools })
`,
  )
  const { code, baseline, verdicts } = await verify(stormScenario({ baseline: './broken.ts#run' }))
  expect({ code, baseline, verdicts }).toEqual({ code: 4, baseline: 'error', verdicts: ['error fail'] })
  // What the scenario names and is not there is a mistake in it, and nothing is tried.
  const missing = await verify(stormScenario({ baseline: './nowhere.ts#run' }))
  expect(missing).toMatchObject({ code: 2, verdicts: [] })
})
