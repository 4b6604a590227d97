import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findScenarios } from '../../src/scenario/find-scenarios.ts'

function makeTree(...files: string[]): string {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'find-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), '')
  }
  return root
}

async function find(root: string, ...paths: string[]): Promise<string[]> {
  const found = await findScenarios(paths.map((path) => join(root, path)))
  return found.map((file) => relative(root, file))
}

test('finds the scenarios of a folder and those below it, sorted, given a folder', async () => {
  const root = makeTree('b.yaml', 'a.yml', 'sub/deep/c.yaml', 'notes.md', 'recording.jsonl')
  expect(await find(root, '.')).toEqual(['a.yml', 'b.yaml', 'sub/deep/c.yaml'])
})

test('skips node_modules and names with a dot given a folder', async () => {
  const root = makeTree('a.yaml', 'node_modules/x/b.yaml', '.git/c.yaml', '.hidden.yaml')
  expect(await find(root, '.')).toEqual(['a.yaml'])
})

test('looks into a folder with a dot given exactly that folder', async () => {
  const root = makeTree('.retrial/a.yaml')
  expect(await find(root, '.retrial')).toEqual(['.retrial/a.yaml'])
})

test('gives each file once given it several times', async () => {
  const root = makeTree('a.yaml', 'sub/b.yaml')
  expect(await find(root, 'sub', 'sub/b.yaml', '.', 'a.yaml')).toEqual(['a.yaml', 'sub/b.yaml'])
})

test('takes a file as it is given its path', async () => {
  const root = makeTree('scenario.txt')
  expect(await find(root, 'scenario.txt')).toEqual(['scenario.txt'])
})

test.each<[string, string[]]>([
  ['*.yaml', ['a.yaml', 'b.yaml']],
  ['**/*.yaml', ['a.yaml', 'b.yaml', 'sub/c.yaml', 'sub/deep/d.yaml']],
  ['sub/**', ['sub/c.yaml', 'sub/deep/d.yaml']],
  ['*/c.yaml', ['sub/c.yaml']],
  ['?.yaml', ['a.yaml', 'b.yaml']],
  ['[!a].yaml', ['b.yaml']],
  ['{a,sub/c}.yaml', ['a.yaml', 'sub/c.yaml']],
  ['**/d.*', ['sub/deep/d.yaml']],
])('finds what a pattern matches given %s', async (pattern, expected) => {
  const root = makeTree('a.yaml', 'b.yaml', 'sub/c.yaml', 'sub/deep/d.yaml', 'a-yaml', 'sub/e.txt')
  expect(await find(root, pattern)).toEqual(expected)
})

test('takes a name literally given a file whose name looks like a pattern', async () => {
  const root = makeTree('[a].yaml', 'a.yaml')
  expect(await find(root, '[a].yaml')).toEqual(['[a].yaml'])
})

test('fails given a folder without scenarios', async () => {
  const root = makeTree('notes.md')
  await expect(find(root, '.')).rejects.toMatchObject({ code: 'ERR_SCENARIO_NONE_FOUND' })
})

test('fails given a pattern without matches, even beside one that has some', async () => {
  const root = makeTree('a.yaml')
  await expect(find(root, 'a.yaml', 'old-*.yaml')).rejects.toMatchObject({ code: 'ERR_SCENARIO_NONE_FOUND' })
  await expect(find(root, 'no/such/*.yaml')).rejects.toMatchObject({ code: 'ERR_SCENARIO_NONE_FOUND' })
})

test('fails given a path that does not exist', async () => {
  const root = makeTree('a.yaml')
  await expect(find(root, 'b.yaml')).rejects.toMatchObject({ code: 'ERR_SCENARIO_NOT_FOUND' })
})

test('follows links and ends given a link in a circle', async () => {
  const root = makeTree('real/a.yaml')
  symlinkSync(join(root, 'real'), join(root, 'real/again'))
  symlinkSync(join(root, 'real/a.yaml'), join(root, 'z.yaml'))
  expect(await find(root, 'z.yaml')).toEqual(['z.yaml'])
  expect(await find(root, '.')).toEqual(['real/a.yaml'])
})

test('keeps a scenario whose link leads nowhere given one', async () => {
  const root = makeTree('a.yaml')
  symlinkSync(join(root, 'gone.yaml'), join(root, 'b.yaml'))
  expect(await find(root, '.')).toEqual(['a.yaml', 'b.yaml'])
})

test('looks into scenarios/ given no path', async () => {
  const found = await findScenarios()
  expect(found.length).toBeGreaterThan(0)
  expect(found.every((file) => file.startsWith(join(process.cwd(), 'scenarios')))).toBe(true)
})
