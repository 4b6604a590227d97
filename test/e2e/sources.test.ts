import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The place of the fix, where a source decides; without any, the plain fix. */
function fixWith(...statements: string[]): readonly [string, string] {
  return [
    DESK_FIX[0],
    `if (!response.ok) {\n${statements.join('\n')}\nreturn { stop_reason: 'completed', answer: 'Later.' }\n}`,
  ]
}

interface SourceTrial {
  /** What the fix does before it gives up. */
  fix: string[]
  /** Imports of the fix. */
  head?: string
  /** What the unfixed agent does at its beginning. */
  before?: string
  /** Lines of the scenario. */
  settings?: string
  env?: Record<string, string>
}

async function tryFix(
  { fix, head = '', before = '', settings = '', env = {} }: SourceTrial,
  files: (project: Project) => void = () => {},
) {
  const both = ['const client = new OpenAI()', `${before}\n  const client = new OpenAI()`] as const
  const change = [both, ['import OpenAI', `${head}\nimport OpenAI`]] as const
  const project = await openDesk({ change, env })
  project.copy('desk-agent.ts', 'fix.ts', ...change, fixWith(...fix))
  files(project)
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}${settings}\ncandidates: [{ id: fix, agent: ../fix.ts#run }]\n`)
  const { code, reports, candidate } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  return { project, code, ...candidate('fix') }
}

const FS =
  "import { readFileSync } from 'node:fs'\nimport { readFile } from 'node:fs/promises'\nimport os from 'node:os'"

test.each([
  ['a variable that the recording may not hold', 'process.env.FEATURE_X', 'env:FEATURE_X'],
  ['a list of all variables', 'Object.keys(process.env)', 'env:*'],
  ['draws that the recorded run did not make', 'for (let i = 0; i < 50; i++) Math.random()', 'random:Math.random'],
  ['random bytes', 'crypto.getRandomValues(new Uint8Array(4))', 'random:bytes'],
  ['a file that was changed since', "readFileSync('limits.json')", 'file:limits.json'],
  ['a file by a promise', "await readFile(new URL('limits.json', import.meta.url))", 'file:limits.json'],
  ['the load of the machine', 'os.loadavg()', 'os:loadavg'],
])('does not take a fix for fixed given that it looks at %s', async (_what, expression, name) => {
  const { code, verdict, reasons, sources } = await tryFix({ head: FS, fix: [expression] }, (project) => {
    project.write('limits.json', '{}')
  })
  expect({ code, verdict }).toEqual({ code: 3, verdict: 'inconclusive' })
  expect(sources).toEqual([{ name, at: expect.stringMatching(/fix\.ts:\d+:\d+$/), settled: null }])
  expect(reasons[0]).toMatchObject({ code: 'unrecorded_source', data: { name } })
  expect(reasons[0]?.message).toContain(`replay: { accept: ['${name}'] }`)
})

test('takes a fix for fixed once the printed command was typed given sources that may have decided', async () => {
  const fix = ['process.env.FEATURE_X', 'Object.keys(process.env)', 'for (let i = 0; i < 50; i++) Math.random()']
  const { project, verdict, ways_out = [] } = await tryFix({ fix, settings: '# Reviewed by hand.' })
  expect(verdict).toBe('inconclusive')
  const accept = ways_out.find(({ kind }) => kind === 'accept')?.command ?? ''
  expect((await project.retrial(['verify'])).stdout).toContain(accept)
  expect(
    await project.run('bash', ['-c', accept.replace(/^retrial/, 'node node_modules/retrial/bin/retrial.js')]),
  ).toMatchObject({ code: 0, stderr: '' })
  expect(project.read('scenarios/desk.yaml')).toContain('# Reviewed by hand.')
  const settled = await project.verify()
  expect(settled.verdicts).toEqual({ fix: 'fixed' })
  for (const name of ['env:FEATURE_X', 'env:*', 'random:Math.random'])
    expect(settled.candidate('fix').assumptions).toContain(`${name} is not in the recording: accepted by the scenario`)
})

test('takes a fix for fixed and says what it assumes given that the scenario accepts its sources', async () => {
  const settings = "replay: { accept: ['env:FEATURE_X', 'file:data/*', 'random:Math.random'] }"
  const fix = [
    'process.env.FEATURE_X',
    "readFileSync('data/limits.json')",
    'for (let i = 0; i < 50; i++) Math.random()',
  ]
  const { code, verdict, assumptions } = await tryFix({ head: FS, fix, settings }, (project) => {
    project.write('data/limits.json', '{}')
  })
  expect({ code, verdict }).toEqual({ code: 0, verdict: 'fixed' })
  for (const name of ['env:FEATURE_X', 'file:data/limits.json', 'random:Math.random']) {
    expect(assumptions).toContain(`${name} is not in the recording: accepted by the scenario`)
  }
})

test.each([
  ['that the scenario sets', 'process.env.FEATURE_X', 'replay: { env: { FEATURE_X: "on" } }'],
  ['that was recorded', 'process.env.ORDERS_URL', ''],
  ['that is recorded whenever it is set', 'process.env.RETRY_URL', ''],
  ['that is a key and was not set', 'process.env.OTHER_API_KEY', ''],
])('has no doubt given a variable %s', async (_which, expression, settings) => {
  const { verdict, sources } = await tryFix({ fix: [expression], settings })
  expect({ verdict, sources }).toEqual({ verdict: 'fixed', sources: [] })
})

test('keeps its verdict on a fix that fails given that it looks at a source', async () => {
  const { verdict, sources } = await tryFix({ fix: ["if (process.env.FEATURE_X === 'on')"] })
  expect(verdict).toBe('not_fixed')
  expect(sources).toMatchObject([{ name: 'env:FEATURE_X', settled: null }])
})

test('names a file as an assumption given that it is older than the recording and the unfixed agent reads it, too', async () => {
  const age = (project: Project): void => {
    project.write('limits.json', '{}')
    utimesSync(project.path('limits.json'), 1_600_000_000, 1_600_000_000)
  }
  const reads = "try { readFileSync('limits.json') } catch {}"
  const same = await tryFix({ head: FS, before: reads, fix: [] }, age)
  expect(same).toMatchObject({
    verdict: 'fixed',
    sources: [{ name: 'file:limits.json', settled: expect.stringContaining('unchanged') }],
  })
  expect(same.assumptions).toContainEqual(expect.stringContaining('file:limits.json is not in the recording'))
  // Only the fix reads it: what it held at the incident decides, and nobody knows.
  const other = await tryFix({ head: FS, fix: [reads] }, age)
  expect(other).toMatchObject({ verdict: 'inconclusive', sources: [{ settled: null }] })
})

test('names a file as an assumption given that git keeps it with the agent, and not given that git ignores it', async () => {
  const inGit = (ignored: string) => (project: Project) => {
    project.write('limits.json', '{}')
    project.write('.gitignore', ignored)
    execFileSync('git', ['init', '-q'], { cwd: project.folder })
  }
  const fix = ["readFileSync('limits.json')"]
  const kept = await tryFix({ head: FS, fix }, inGit('.retrial\n'))
  expect(kept).toMatchObject({ verdict: 'fixed', sources: [{ settled: 'it belongs to the sources of the agent' }] })
  const ignored = await tryFix({ head: FS, fix }, inGit('.retrial\nlimits.json\n'))
  expect(ignored).toMatchObject({ verdict: 'inconclusive', sources: [{ settled: null }] })
})

test('has no doubt given modules, what libraries look at, and what the agent wrote itself', async () => {
  const fix = [
    "await import('./more.ts')",
    "require('./data.json')",
    "const scratch = mkdtempSync(join(os.tmpdir(), 'x-')); writeFileSync(join(scratch, 'a'), 'a'); readFileSync(join(scratch, 'a'))",
    'new OpenAI()',
    "import.meta.resolve('openai')",
    'structuredClone({ ...{ a: 1 } })',
  ]
  const head = `${FS}\nimport { createRequire } from 'node:module'\nimport { join } from 'node:path'\nimport { mkdtempSync, writeFileSync } from 'node:fs'\nconst require = createRequire(import.meta.url)`
  const { verdict, sources } = await tryFix({ head, fix }, (project) => {
    project.write('more.ts', 'export const more = 1\n')
    project.write('data.json', '{}\n')
  })
  expect({ verdict, sources }).toEqual({ verdict: 'fixed', sources: [] })
})

test('names a wrapped tool that ran for real given that the agent loads another copy of retrial', async () => {
  const head = "import { tool } from './vendor/retrial/dist/index.js'\nconst save = tool('save_order', () => 1)"
  const { verdict, sources } = await tryFix({ head: '', fix: ["(await import('./save.ts')).save()"] }, (project) => {
    project.write('save.ts', `${head}\nexport { save }\n`)
    mkdirSync(project.path('vendor/retrial'), { recursive: true })
    for (const part of ['dist', 'package.json'])
      cpSync(join(ROOT, part), project.path(`vendor/retrial/${part}`), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), project.path('vendor/retrial/node_modules'))
  })
  expect({ verdict, names: sources.map(({ name }) => name) }).toEqual({
    verdict: 'inconclusive',
    names: ['tool:save_order'],
  })
})

test('refuses the scenario given a source to accept that has no kind', async () => {
  const project = await openDesk()
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}replay: { accept: [limits.json] }\n`)
  const { code, stderr } = await project.retrial(['verify'])
  expect(code).toBe(2)
  expect(stderr).toContain('file:<path>')
})
