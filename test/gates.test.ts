import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyTree } from './support/copy-tree.ts'

/** One violation: where it is planted, what stands there, and what its gate must name. */
interface Violation {
  gate: string
  path: string
  plant: (text: string) => string
  names: RegExp
}

const writing = (text: string) => () => `${text}\n`

const VIOLATIONS: Record<string, Violation> = {
  'an import from a higher floor': {
    gate: 'lint',
    path: 'src/core/planted.ts',
    plant: writing("export { EVIDENCE_GRADES } from '../model/evidence.ts'"),
    names: /src\/core\/planted\.ts.*noRestrictedImports/,
  },
  'an import of a mere type from a room of the same floor': {
    gate: 'lint',
    path: 'src/record/planted-type.ts',
    plant: writing("export type { Planted } from '../replay/planted.ts'"),
    names: /src\/record\/planted-type\.ts.*noRestrictedImports/,
  },
  'a forbidden import in a sub-folder of a room': {
    gate: 'lint',
    path: 'src/providers/planted/deep.ts',
    plant: writing("export { planted } from '../../recording/planted.ts'"),
    names: /src\/providers\/planted\/deep\.ts.*noRestrictedImports/,
  },
  'a forbidden import that is made at run time': {
    gate: 'lint',
    path: 'src/trace/planted.ts',
    plant: writing("export const planted = import('../boundary/tape.ts')"),
    names: /src\/trace\/planted\.ts.*noRestrictedImports/,
  },
  'a forbidden import by a detour': {
    gate: 'lint',
    path: 'src/record/planted.ts',
    plant: writing("export { planted } from '../core/../replay/planted.ts'"),
    names: /src\/record\/planted\.ts.*noRestrictedImports/,
  },
  'an outside package in a room that it does not live in': {
    gate: 'lint',
    path: 'src/replay/planted.ts',
    plant: writing("export { http } from 'msw'"),
    names: /src\/replay\/planted\.ts.*noRestrictedImports/,
  },
  'a Node module that does I/O in a pure room': {
    gate: 'lint',
    path: 'src/signals/planted.ts',
    plant: writing("export { readFileSync } from 'node:fs'"),
    names: /src\/signals\/planted\.ts.*noRestrictedImports/,
  },
  'a global that does I/O in a pure room': {
    gate: 'lint',
    path: 'src/verify/planted.ts',
    plant: writing("export const planted = () => fetch('http://127.0.0.1')"),
    names: /src\/verify\/planted\.ts.*noRestrictedGlobals/,
  },
  'an import cycle within a room': {
    gate: 'lint',
    path: 'src/core/json.ts',
    plant: (text) => `import './canonical-json.ts'\n\n${text}`,
    names: /src\/core\/json\.ts.*noImportCycles/,
  },
  'a promise that nobody waits for': {
    gate: 'lint',
    path: 'src/core/planted-promise.ts',
    plant: writing(
      'export async function plant(): Promise<void> {}\n\nexport function planted(): void {\n  plant()\n}',
    ),
    names: /src\/core\/planted-promise\.ts.*noFloatingPromises/,
  },
  'text that is not formatted': {
    gate: 'lint',
    path: 'src/core/planted-text.ts',
    plant: writing('export const planted = "planted";'),
    names: /src\/core\/planted-text\.ts format/,
  },
  'a folder that is no room': {
    gate: 'rooms',
    path: 'src/planted/planted.ts',
    plant: writing('export const planted = 1'),
    names: /src\/planted: not a room/,
  },
  'rules of the rooms that were edited by hand': {
    gate: 'rooms',
    path: 'biome.rooms.json',
    plant: (text) => text.replace('"!../core/**"', '"!../core/**","!../replay/**"'),
    names: /biome\.rooms\.json: differs/,
  },
  'an import that hides in a type': {
    gate: 'rooms',
    path: 'src/core/planted.ts',
    plant: writing("export type Planted = import('../replay/planted.ts').Planted"),
    names: /src\/core\/planted\.ts:1: write `import type`/,
  },
  'a type error': {
    gate: 'types',
    path: 'src/core/planted.ts',
    plant: writing("export const planted: number = 'planted'"),
    names: /src\/core\/planted\.ts\(1,14\): error TS2322/,
  },
  'an export that nobody uses': {
    gate: 'knip',
    path: 'src/core/json.ts',
    plant: (text) => `${text}\nexport const PLANTED = 1\n`,
    names: /PLANTED .*src\/core\/json\.ts/,
  },
  'a file that nobody uses': {
    gate: 'knip',
    path: 'src/core/planted.ts',
    plant: writing('export const planted = 1'),
    names: /Unused files.*src\/core\/planted\.ts/s,
  },
  'a dependency that is not listed': {
    gate: 'knip',
    path: 'test/core/planted.test.ts',
    plant: writing("import 'semver'"),
    names: /Unlisted dependencies.*semver/s,
  },
  'an entry of the package that does not exist': {
    gate: 'package',
    path: 'package.json',
    plant: (text) => text.replace('"./dist/index.js"', '"./dist/planted.js"'),
    names: /dist\/planted\.js/,
  },
  'types of the package that do not exist': {
    gate: 'package',
    path: 'package.json',
    plant: (text) => text.replace('"./dist/index.d.ts"', '"./dist/planted.d.ts"'),
    names: /dist\/planted\.d\.ts/,
  },
  'a schema that is not fresh': {
    gate: 'schemas',
    path: 'schemas/scenario.json',
    plant: (text) => text.replace('{', '{ "planted": true,'),
    names: /schemas\//,
  },
  'an error code without a heading': {
    gate: 'errors',
    path: 'src/replay/planted.ts',
    plant: writing("export const planted = 'ERR_REPLAY_PLANTED'"),
    names: /src\/replay\/planted\.ts: ERR_REPLAY_PLANTED has no heading/,
  },
  'a heading without an error code': {
    gate: 'errors',
    path: 'docs/errors.md',
    plant: (text) => `${text}\n## ERR_REPLAY_PLANTED\n\nPlanted.\n`,
    names: /no source uses ERR_REPLAY_PLANTED/,
  },
  'an error code that names no room': {
    gate: 'errors',
    path: 'src/replay/planted.ts',
    plant: writing("export const planted = new RetrialError('ERR_PLANTED', '')"),
    names: /ERR_PLANTED is no code of a room/,
  },
}

/** Gates that take long, and whose findings do not hide each other. */
const TOGETHER = ['lint', 'knip']

let tree: ReturnType<typeof copyTree>
beforeAll(() => {
  tree = copyTree()
})
afterAll(() => tree[Symbol.dispose]())

test.each([...new Set(Object.values(VIOLATIONS).map((it) => it.gate))])(
  'the gate %s is green given the tree as it is',
  (gate) => {
    const { status, output } = run('scripts/check.ts', gate)
    expect(output).not.toMatch(/planted/i)
    expect(status, output).toBe(0)
  },
)

describe.each(TOGETHER)('the gate %s, run once on all of them, is red', (gate) => {
  const violations = Object.entries(VIOLATIONS).filter(([, violation]) => violation.gate === gate)
  let ended: ReturnType<typeof run>
  beforeAll(() => {
    using planted = new DisposableStack()
    for (const [, { path, plant }] of violations) planted.use(planting(path, plant))
    ended = run('scripts/check.ts', gate)
  })

  test.each(violations)('given %s', (_, { path, names }) => {
    expect(ended.status, ended.output).toBe(1)
    expect(ended.output).toMatch(names)
    // No other one may be what is named.
    expect(violations.filter(([, violation]) => violation.path === path)).toHaveLength(1)
  })
})

test.each(Object.entries(VIOLATIONS).filter(([, { gate }]) => !TOGETHER.includes(gate)))(
  'its gate is red given %s',
  (_, { gate, path, plant, names }) => {
    using _planted = planting(path, plant)
    const { status, output } = run('scripts/check.ts', gate)
    expect(output).toMatch(names)
    expect(status, output).toBe(1)
  },
)

test('the check ends in exit code 2 given a gate that does not exist', () => {
  expect(run('scripts/check.ts', 'planted').status).toBe(2)
})

test('a test run is red and counts the failure given a failing test', () => {
  using _planted = planting(
    'test/core/planted.test.ts',
    writing(
      "import { expect, test } from 'vitest'\n\ntest('planted', () => expect(1).toBe(2))\ntest('kept', () => expect(1).toBe(1))",
    ),
  )
  const { status, output } = run('node_modules/vitest/vitest.mjs', 'run', 'test/core/planted.test.ts')
  expect(output.trimEnd()).toMatch(/^1 passed, 1 failed$/m)
  expect(status).toBe(1)
})

test('a test run is red and counts the failure given a test file that does not load', () => {
  using _planted = planting('test/core/planted.test.ts', writing("throw new Error('planted')"))
  const { status, output } = run('node_modules/vitest/vitest.mjs', 'run', 'test/core/planted.test.ts')
  expect(output).toMatch(/^0 passed, 1 failed$/m)
  expect(status).toBe(1)
})

test('a test run is red and counts a failure given a selection without tests', () => {
  const { status, output } = run('node_modules/vitest/vitest.mjs', 'run', 'test/planted')
  expect(output).toMatch(/^0 passed, 1 failed$/m)
  expect(status).toBe(1)
})

/** Changes one file of the copy until the end of the scope. */
function planting(path: string, plant: (text: string) => string): Disposable {
  const file = join(tree.folder, path)
  const original = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  mkdirSync(dirname(file), { recursive: true })
  const planted = plant(original ?? '')
  expect(planted).not.toBe(original)
  writeFileSync(file, planted)
  return { [Symbol.dispose]: () => (original === undefined ? rmSync(file) : writeFileSync(file, original)) }
}

function run(script: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: tree.folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
  })
  return { status, output: stdout + stderr }
}
