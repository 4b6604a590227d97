import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** What may be published; everything else is a leak or dead weight. */
const PUBLISHED =
  /^(bin\/retrial\.js|dist\/.+\.(js|d\.ts)|schemas\/.+\.json|docs\/.+\.md|(README|CHANGELOG)\.md|LICENSE|package\.json)$/

let project: string
let files: string[]
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'retrial-project-'))
  must('npm', ['pack', '--ignore-scripts', '--pack-destination', project], ROOT)
  const installed = join(project, 'node_modules/retrial')
  mkdirSync(installed, { recursive: true })
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? ''
  must('tar', ['-xzf', join(project, tarball), '-C', installed, '--strip-components=1'], project)
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
  }
  files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

test('the package holds what is published and nothing else', () => {
  expect(files.filter((file) => !PUBLISHED.test(file))).toEqual([])
  expect(files).toEqual(expect.arrayContaining(['bin/retrial.js', 'dist/cli/main.js', 'LICENSE', 'package.json']))
})

test('the package has declarations for each of its modules', () => {
  const modules = files.filter((file) => file.startsWith('dist/') && file.endsWith('.js'))
  expect(modules.length).toBeGreaterThan(0)
  expect(modules.filter((file) => !files.includes(file.replace(/\.js$/, '.d.ts')))).toEqual([])
})

test('the modules of the package import no TypeScript', () => {
  const offenders = files.filter((file) => file.endsWith('.js') && /(from|import\()\s*'\.[^']*\.ts'/.test(read(file)))
  expect(offenders).toEqual([])
})

test('the modules of the package start no file that it does not hold', () => {
  const missing = files
    .filter((file) => file.startsWith('dist/') && file.endsWith('.js'))
    .flatMap((file) =>
      [...read(file).matchAll(/new URL\(\s*'(\.[^']+)'\s*,\s*import\.meta\.url/g)].map(([, target = '']) =>
        join(dirname(file), target),
      ),
    )
    .filter((target) => !existsSync(join(project, 'node_modules/retrial', target)))
  expect(missing).toEqual([])
})

test('the library and its entries can be imported given a project that installed the package', () => {
  const script = "console.log(Object.keys(await import('retrial')).length > 0, import.meta.resolve('retrial/preload'))"
  const { stdout } = must(process.execPath, ['--input-type=module', '-e', script], project)
  expect(stdout).toMatch(/^true file:.*\/dist\/record\/preload\.js$/m)
})

test('the command runs given a project that installed the package', () => {
  const { stdout } = must(process.execPath, ['node_modules/retrial/bin/retrial.js', '--version'], project)
  expect(stdout.trim()).toContain(manifest.version)
})

test('npx runs the command of the repository given no network and an empty cache', () => {
  const cache = join(project, 'cache')
  const env = { ...process.env, npm_config_cache: cache, npm_config_offline: 'true' }
  const { status, stdout, stderr } = spawnSync('npx', ['retrial', '--version'], { cwd: ROOT, encoding: 'utf8', env })
  expect(status, stderr).toBe(0)
  expect(stdout.trim()).toContain(manifest.version)
})

function read(file: string): string {
  return readFileSync(join(project, 'node_modules/retrial', file), 'utf8')
}

function must(command: string, args: string[], cwd: string) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' })
  expect(result.status, result.stderr).toBe(0)
  return result
}
