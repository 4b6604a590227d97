import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { DESK_FIX, DESK_SCENARIO, openDesk } from './desk-incident.ts'
import type { Project } from './open-project.ts'

/** An agent that is fixed or not as its parameters and its environment say. */
const SWITCHED = `import { run as unfixed } from './agent.ts'
import { run as fixed } from './fix.ts'

export const run = unfixed
export const repaired = fixed
export const byParams = (input, params) => (params?.fixed ? fixed : unfixed)(input)
export const byEnvironment = (input) => (process.env.FIXED === 'yes' ? fixed : unfixed)(input)
`

test('tries another module, another export, parameters and environment given a candidate of each', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write('switched.js', SWITCHED)
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}replay: { env: { FIXED: 'no' } }
candidates:
  - { id: module, agent: ../fix.ts#run }
  - { id: same-export, agent: ../switched.js#run, expect: not_fixed }
  - { id: export, agent: ../switched.js#repaired }
  - { id: params, agent: ../switched.js#byParams, params: { fixed: true } }
  - { id: other-params, agent: ../switched.js#byParams, params: { fixed: false }, expect: not_fixed }
  - { id: no-params, agent: ../switched.js#byParams, expect: not_fixed }
  - { id: env, agent: ../switched.js#byEnvironment, env: { FIXED: 'yes' } }
  - { id: scenario-env, agent: ../switched.js#byEnvironment, expect: not_fixed }
`,
  )
  const { code, verdicts } = await project.verify()
  expect(verdicts).toEqual({
    module: 'fixed',
    'same-export': 'not_fixed',
    export: 'fixed',
    params: 'fixed',
    'other-params': 'not_fixed',
    'no-params': 'not_fixed',
    env: 'fixed',
    'scenario-env': 'not_fixed',
  })
  expect(code).toBe(0)
})

test('reproduces the incident with the agent that the recording names given a baseline that was recorded', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'fix.ts', DESK_FIX)
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO.replace('agent: ../agent.ts#run', 'agent: ../fix.ts#run')}baseline: recorded\n`,
  )
  const { code, verdicts, reports } = await project.verify()
  expect({ code, verdicts }).toEqual({ code: 0, verdicts: { current: 'fixed' } })
  expect(reports[0]?.baseline).toMatchObject({ verdict: 'reproduced', agent: 'recorded' })
})

test('follows each candidate where it diverges only as far as that candidate says', async () => {
  const project = await openDesk()
  project.copy('desk-agent.ts', 'changed.ts', ['gpt-4.1-mini', 'gpt-4.1'])
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}replay: { on_divergence: stale }
candidates:
  - { id: inherits, agent: ../changed.ts#run }
  - { id: fails, agent: ../changed.ts#run, on_divergence: fail }
  - { id: goes-on, agent: ../changed.ts#run, on_divergence: stale }
`,
  )
  const { code, verdicts, candidate, reports } = await project.verify()
  expect(code).toBe(3)
  expect(verdicts).toEqual({ inherits: 'inconclusive', fails: 'inconclusive', 'goes-on': 'inconclusive' })
  expect(candidate('fails').evidence.grades).toEqual({ none: 1 })
  expect(candidate('fails').divergences).toMatchObject([{ step: 1, grade: 'none', kind: 'model_changed' }])
  for (const id of ['inherits', 'goes-on']) {
    expect(candidate(id).evidence.grades).toMatchObject({ stale: 4, exact: 4 })
    expect(candidate(id).divergences.map(({ grade }) => grade)).toEqual(['stale', 'stale', 'stale', 'stale'])
  }
  expect(reports[0]?.baseline.evidence.grades).toEqual({ exact: 8 })
})

/** The desk in a git repository: the unfixed agent first (tag `v1`), then the fix (tag `v2`, branch `release`). */
async function openRepository(): Promise<Project & { git(...args: string[]): Promise<string> }> {
  const project = await openDesk()
  const identity = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b.c',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b.c',
  }
  const git = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await project.run('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
      ...identity,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
    })
    expect(code, stderr).toBe(0)
    return stdout.trim()
  }
  project.write('.gitignore', 'node_modules\n.retrial\n')
  project.write('prompts/greeting.txt', 'unfixed\n')
  await git('init', '-q', '-b', 'main')
  await git('add', 'agent.ts', 'package.json', 'prompts', '.gitignore')
  await git('commit', '-q', '-m', 'the agent')
  await git('tag', 'v1')
  project.copy('desk-agent.ts', 'agent.ts', DESK_FIX)
  await git('commit', '-q', '-am', 'fix the agent')
  await git('tag', '-a', 'v2', '-m', 'fixed')
  await git('branch', 'release')
  return { ...project, git }
}

test('takes baseline and candidates from git given a tag, a branch, a commit and a relative revision', async () => {
  const project = await openRepository()
  const sha = await project.git('rev-parse', 'HEAD')
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: HEAD~1 }
candidates:
  - { id: work-tree }
  - { id: tag, git: v2 }
  - { id: branch, git: release }
  - { id: commit, git: ${sha} }
  - { id: short, git: ${sha.slice(0, 9)} }
  - { id: unfixed, git: v1, expect: not_fixed }
`,
  )
  const before = await project.git('status', '--porcelain')
  const { code, verdicts, reports, candidate } = await project.verify()
  expect(verdicts).toEqual({
    'work-tree': 'fixed',
    tag: 'fixed',
    branch: 'fixed',
    commit: 'fixed',
    short: 'fixed',
    unfixed: 'not_fixed',
  })
  expect(code).toBe(0)
  expect(reports[0]?.baseline).toMatchObject({ verdict: 'reproduced', agent: '../agent.ts#run at HEAD~1' })
  expect(candidate('tag').assumptions).toEqual([])
  // The user's repository is as it was.
  expect(await project.git('status', '--porcelain')).toBe(before)
  expect(await project.git('worktree', 'list', '--porcelain')).not.toContain('.retrial')
  expect(await project.git('branch', '--list')).toBe('* main\n  release')
})

test('keeps what is not committed out of a candidate at a revision', async () => {
  const project = await openRepository()
  // The work tree breaks the agent, and holds a file that would fix it.
  project.write('agent.ts', 'throw new Error("not for a revision")\n')
  project.write('untracked.ts', 'export const fixed = true\n')
  project.write('prompts/greeting.txt', 'changed\n')
  await project.git('add', 'prompts')
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}baseline: { git: v1 }\ncandidates: [{ id: fix, git: v2 }]\n`)
  const { code, verdicts } = await project.verify()
  expect({ code, verdicts }).toEqual({ code: 0, verdicts: { fix: 'fixed' } })
  const [revision] = (await project.run('git', ['rev-parse', 'v2^{commit}'])).stdout.split('\n')
  const tree = `.retrial/revisions/${revision}`
  expect(existsSync(project.path(join(tree, 'untracked.ts')))).toBe(false)
  expect(project.read(join(tree, 'prompts/greeting.txt'))).toBe('unfixed\n')
})

test('reads a file of the revision given an agent that names it relative to where it is started', async () => {
  const project = await openRepository()
  project.write(
    'reading.ts',
    `import { readFileSync } from 'node:fs'
import * as unfixed from './agent.ts'
export const run = (input) => readFileSync('prompts/greeting.txt', 'utf8') === 'unfixed\\n' ? unfixed.run(input) : null
`,
  )
  await project.git('add', 'reading.ts')
  await project.git('commit', '-q', '-m', 'read a file')
  project.write('prompts/greeting.txt', 'changed\n')
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: v1 }\ncandidates: [{ id: fix, git: HEAD, agent: ../reading.ts#run }]\n`,
  )
  expect(await project.verify()).toMatchObject({ code: 0, verdicts: { fix: 'fixed' } })
})

test('finds the revision given a project that is reached by a link', async () => {
  const project = await openRepository()
  project.write('scenarios/desk.yaml', `${DESK_SCENARIO}baseline: { git: v1 }\ncandidates: [{ id: fix, git: v2 }]\n`)
  symlinkSync(project.folder, `${project.folder}-link`)
  onTestFinished(() => rmSync(`${project.folder}-link`))
  const { code, verdicts } = await project.verify([`${project.folder}-link/scenarios`])
  expect({ code, verdicts }).toEqual({ code: 0, verdicts: { fix: 'fixed' } })
})

test('tries a revision as it is now given a branch that has moved', async () => {
  const project = await openRepository()
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: v1 }\ncandidates: [{ id: fix, git: release }]\n`,
  )
  expect(await project.verify()).toMatchObject({ code: 0, verdicts: { fix: 'fixed' } })
  await project.git('branch', '-f', 'release', 'v1')
  expect(await project.verify()).toMatchObject({ code: 1, verdicts: { fix: 'not_fixed' } })
})

test('tries the agent of a package given dependencies that are installed beside it', async () => {
  const project = await openRepository()
  project.write('packages/desk/package.json', '{ "type": "module" }')
  project.copy('desk-agent.ts', 'packages/desk/agent.ts')
  project.write('packages/desk/agent.ts', `import 'only-here'\n${project.read('packages/desk/agent.ts')}`)
  await project.git('add', 'packages')
  await project.git('commit', '-q', '-m', 'a package')
  project.write('packages/desk/node_modules/only-here/package.json', '{ "main": "index.js" }')
  project.write('packages/desk/node_modules/only-here/index.js', '')
  symlinkSync(project.path('node_modules/openai'), project.path('packages/desk/node_modules/openai'))
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: HEAD, agent: ../packages/desk/agent.ts#run }\ncandidates: [{ id: fix, git: v2 }]\n`,
  )
  const { code, verdicts, reports } = await project.verify()
  expect(reports[0]?.baseline).toMatchObject({ verdict: 'reproduced' })
  expect({ code, verdicts }).toEqual({ code: 0, verdicts: { fix: 'fixed' } })
})

test('takes the packages of a workspace from the revision, too', async () => {
  const project = await openRepository()
  project.copy('desk-agent.ts', 'packages/desk/index.ts')
  project.write('packages/desk/package.json', '{ "name": "@shop/desk", "type": "module", "exports": "./index.ts" }')
  project.write('entry.ts', "export { run } from '@shop/desk'\n")
  await project.git('add', 'packages', 'entry.ts')
  await project.git('commit', '-q', '-m', 'a workspace')
  project.copy('desk-agent.ts', 'packages/desk/index.ts', DESK_FIX)
  await project.git('commit', '-q', '-am', 'fix the workspace')
  // As installers do.
  mkdirSync(project.path('node_modules/@shop'))
  symlinkSync('../../packages/desk', project.path('node_modules/@shop/desk'))
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: HEAD~1, agent: ../entry.ts#run }
candidates:
  - { id: fix, git: HEAD, agent: ../entry.ts#run }
  - { id: before, git: HEAD~2, agent: ../agent.ts#run }
`,
  )
  const { verdicts, reports, candidate } = await project.verify()
  expect(reports[0]?.baseline.verdict).toBe('reproduced')
  expect(verdicts).toEqual({ fix: 'fixed', before: 'fixed' })
  expect(candidate('before').assumptions).toEqual(['HEAD~2 does without @shop/desk, which it does not hold'])
  expect(candidate('fix').assumptions).toEqual([])
})

test('says which revision cannot be had, and tries the others all the same', async () => {
  const project = await openRepository()
  project.write(
    'scenarios/desk.yaml',
    `${DESK_SCENARIO}baseline: { git: v1 }
candidates:
  - { id: unknown, git: v9 }
  - { id: no-such-file, git: v2, agent: ../lost.ts#run }
  - { id: fix, git: v2 }
`,
  )
  const { code, verdicts, candidate } = await project.verify()
  expect(verdicts).toEqual({ unknown: 'error', 'no-such-file': 'error', fix: 'fixed' })
  expect(code).toBe(4)
  for (const id of ['unknown', 'no-such-file']) {
    expect(candidate(id).reasons[0]?.message).toContain('ERR_TRIAL_GIT')
  }
})
