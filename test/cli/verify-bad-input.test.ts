import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { findElements, parseXml } from '../report/parse-xml.ts'
import { codesIn, openCourt, stormScenario } from './open-court.ts'
import { readReport, verdictsOf } from './report-schema.ts'

const court = openCourt(['recordings', 'examples'])
afterAll(() => court.close())

/** A scenario that passes stands beside the bad ones: their trouble must not hide its verdict. */
court.write('good/scenario.yaml', stormScenario({ id: 'good' }))

/** Verifies a folder with all reporters: they tell the same errors, each with what to do, and no stack. */
async function verifyBad(...args: string[]) {
  const json = await court.run(['verify', 'good', ...args, '--json'])
  const text = await court.run(['verify', 'good', ...args])
  const junit = await court.run(['verify', 'good', ...args, '--reporter', 'junit'])
  expect([json.code, text.code, junit.code]).toEqual([2, 2, 2])
  const report = readReport(json.stdout)
  expect(verdictsOf(report)).toEqual({ 'good/fall-back': 'fixed pass' })
  expect(text.stdout).toMatch(/\ngate error · .*\d+ not tried/)
  for (const { stderr } of [json, text, junit]) {
    expect(stderr).not.toMatch(/^ +at .*[(:]\d+:\d+\)$|node:internal/m)
    expect(codesIn(stderr)).toEqual(expect.arrayContaining(report.errors.map(({ code }) => code)))
  }
  const root = parseXml(junit.stdout)
  const files = new Set(report.errors.map(({ file }) => file))
  expect(root.attributes).toMatchObject({ tests: String(1 + files.size), failures: '0', errors: String(files.size) })
  expect(findElements(root, 'error')).toHaveLength(files.size)
  for (const { hint, file, message } of report.errors) {
    expect(hint).toMatch(/^\S.*[.?]$/)
    expect(text.stderr).toContain(`at ${file}`)
    expect(message).not.toContain(court.folder)
  }
  return report.errors
}

test('names file, line and column given a scenario that is not in order', async () => {
  const good = stormScenario()
  const cases: Record<string, [string | Uint8Array, string]> = {
    'alias-bomb': [bomb(), 'ERR_SCENARIO_ALIAS'],
    binary: [Uint8Array.from([0xff, 0xfe, 0x00, 0x80]), 'ERR_SCENARIO_ENCODING'],
    empty: ['', 'ERR_SCENARIO_TYPE'],
    huge: [`title: ${'x'.repeat(300_000)}\n`, 'ERR_SCENARIO_TOO_LARGE'],
    key: [good.replace('"candidates"', '"candidate"'), 'ERR_SCENARIO_UNKNOWN_KEY'],
    regex: [good.replace('refund policy', '('), 'ERR_SCENARIO_REGEX'],
    syntax: ['id: [', 'ERR_SCENARIO_SYNTAX'],
    twice: [good.replace('"title"', '"id":"a","title"'), 'ERR_SCENARIO_DUPLICATE_KEY'],
    type: [good.replace('"candidates":[', '"candidates":3,"x":['), 'ERR_SCENARIO_TYPE'],
    escape: [good.replace('"title"', '"\\u001b[31mred":1,"title"'), 'ERR_SCENARIO_UNKNOWN_KEY'],
  }
  for (const [name, [content]] of Object.entries(cases)) court.write(`bad/${name}.yaml`, content)
  const errors = await verifyBad('bad')
  for (const [name, [, code]] of Object.entries(cases)) {
    const found = errors.filter(({ file }) => file === `bad/${name}.yaml`)
    expect([name, found.map((error) => error.code)]).toEqual([name, expect.arrayContaining([code])])
    for (const { line, column } of found) expect([name, line, column]).not.toContain(null)
  }
  expect((await court.run(['verify', 'bad/escape.yaml'])).stderr).not.toContain('\u001b')
})

test('says what is wrong with the file given one that is no scenario or no recording', async () => {
  mkdirSync(join(court.folder, 'files/folder.yaml'), { recursive: true })
  mkdirSync(join(court.folder, 'files/folder.jsonl'))
  court.write('files/folder.yaml/inner.txt', '')
  court.write('files/a.yaml', stormScenario({ id: 'a', recording: './folder.jsonl' }))
  court.write('files/b.yaml', stormScenario({ id: 'b', recording: './missing.jsonl' }))
  court.write(
    'files/c.jsonl',
    Uint8Array.from({ length: 3000 }, (_, i) => (i * 37) % 256),
  )
  court.write('files/c.yaml', stormScenario({ id: 'c', recording: './c.jsonl' }))
  const errors = await verifyBad('files')
  expect(errors.map(({ file, code, line }) => [file, code, line])).toEqual([
    ['files/folder.jsonl', 'ERR_RECORDING_NOT_A_FILE', null],
    ['files/b.yaml', 'ERR_RECORDING_NOT_FOUND', 1],
    ['files/c.jsonl', expect.stringMatching(/^ERR_RECORDING_/), expect.anything()],
  ])
})

test('refuses two scenarios of one id', async () => {
  court.write('twins/a.yaml', stormScenario({ id: 'twin' }))
  court.write('twins/b.yaml', stormScenario({ id: 'twin' }))
  const { code, stdout } = await court.run(['verify', 'twins', '--json'])
  const { errors, scenarios } = readReport(stdout)
  expect(code).toBe(2)
  expect(scenarios.map(({ file }) => file)).toEqual(['twins/a.yaml'])
  expect(errors).toMatchObject([{ code: 'ERR_SUITE_DUPLICATE_ID', file: 'twins/b.yaml', line: 1, column: 7 }])
  expect(errors[0]?.message).toContain('twins/a.yaml')
})

test('refuses a recording given one byte that changed, wherever it is', async () => {
  const bytes = Buffer.from(court.read('recordings/run_9fd2.jsonl'))
  const seed = Date.now() % 0x7fffffff
  console.log(`seed ${seed}`)
  const somewhere = fc.record({ at: fc.nat(bytes.length - 1), bit: fc.nat(6) })
  const ends = [0, bytes.length - 2, bytes.length - 1].map((at) => ({ at, bit: 0 }))
  const places = [...ends, ...fc.sample(somewhere, { seed, numRuns: 21 })]
  for (const [index, { at, bit }] of places.entries()) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
    // Beside no lock file, so that the chain alone has to tell.
    court.write(`damaged/${index}.jsonl`, damaged)
    court.write(`damaged/${index}.yaml`, stormScenario({ id: `damaged-${index}`, recording: `./${index}.jsonl` }))
  }
  const { code, stdout, stderr } = await court.run(['verify', 'good', 'damaged', '--json'])
  const report = readReport(stdout)
  expect([code, report.summary.exit_code]).toEqual([2, 2])
  for (const [index, { at }] of places.entries()) {
    const error = report.errors.find(({ file }) => file === `damaged/${index}.jsonl`)
    const tried = report.scenarios.find(({ id }) => id === `damaged-${index}`)
    // A torn tail may be looked at; it supports no verdict.
    const outcome = error?.code ?? tried?.candidates[0]?.verdict
    expect([at, outcome]).toEqual([at, expect.stringMatching(/^(ERR_RECORDING_\w+|inconclusive|not_reproduced)$/)])
  }
  expect(stderr).not.toContain('node:internal')
  expect(verdictsOf(report)).toMatchObject({ 'good/fall-back': 'fixed pass' })
})

test('proves nothing given a recording without the end of its last line', async () => {
  const text = court.read('recordings/run_9fd2.jsonl').trimEnd()
  const lastLine = text.lastIndexOf('\n') + 1
  const torn = text.slice(0, lastLine + Math.floor((text.length - lastLine) / 2))
  court.write('torn/run.jsonl', torn)
  court.write('torn/scenario.yaml', stormScenario({ recording: './run.jsonl' }))
  const { code, stdout } = await court.run(['verify', 'torn', '--json'])
  const report = readReport(stdout)
  expect({ code, verdicts: verdictsOf(report) }).toEqual({
    code: 3,
    verdicts: { 'storm/fall-back': 'inconclusive inconclusive' },
  })
  expect(report.scenarios[0]?.candidates[0]?.reasons.map((one) => one.code)).toContain('unsealed_recording')
  expect(report.scenarios[0]?.candidates[0]?.assumptions.join()).toContain('recordings.lock.json does not pin it')
})

test('refuses a recording that is not the pinned one, and a lock file that is none', async () => {
  const pinned = openCourt()
  try {
    const whole = pinned.read('recordings/run_9fd2.jsonl')
    pinned.write('recordings/run_9fd2.jsonl', whole.slice(0, -40))
    const torn = await pinned.run(['verify', '--json', '--only', 'fall-back'])
    expect(torn.code).toBe(2)
    expect(readReport(torn.stdout).errors).toMatchObject([
      {
        code: 'ERR_SUITE_RECORDING_CHANGED',
        file: 'recordings/run_9fd2.jsonl',
        line: whole.trimEnd().split('\n').length,
        message: expect.stringContaining('its last line is not complete'),
      },
    ])
    const other = pinned.read('recordings/run_a113.jsonl')
    pinned.write('recordings/run_9fd2.jsonl', other)
    const { code, stdout, stderr } = await pinned.run(['verify', '--json', '--only', 'fall-back'])
    expect(code).toBe(2)
    expect(readReport(stdout).errors).toMatchObject([
      { code: 'ERR_SUITE_RECORDING_CHANGED', file: 'recordings/run_9fd2.jsonl' },
    ])
    expect(stderr).toContain('recordings/recordings.lock.json')
    rmSync(join(pinned.folder, 'recordings/run_9fd2.jsonl'))
    pinned.write('recordings/recordings.lock.json', '{"run_a113.jsonl": "sha256:<<<<<<<"}')
    const broken = await pinned.run(['verify', '--json'])
    expect(broken.code).toBe(2)
    expect(readReport(broken.stdout).errors.map(({ code, file }) => [code, file])).toEqual([
      ['ERR_RECORDING_LOCK', 'recordings/recordings.lock.json'],
      ['ERR_RECORDING_LOCK', 'recordings/recordings.lock.json'],
      ['ERR_RECORDING_NOT_FOUND', 'scenarios/search-docs-retry-storm.yaml'],
    ])
  } finally {
    pinned.close()
  }
})

test('tells settings that cannot be used in every report', async () => {
  for (const workers of ['0', 'abc', '-1', '1.5', '1e9', '']) {
    const { code, stdout, stderr } = await court.run(['verify', 'good', '--json', `--workers=${workers}`])
    expect([workers, code]).toEqual([workers, 2])
    expect(readReport(stdout)).toMatchObject({ summary: { exit_code: 2 }, errors: [{ code: 'ERR_CONFIG_INVALID' }] })
    expect(stderr).toMatch(/^Failed to read the setting workers: .* \[ERR_CONFIG_INVALID\]\n {2}Give a whole number/)
  }
})

test('tells before anything is tried that a report cannot be written, and makes folders that are missing', async () => {
  court.write('a-file', '')
  for (const output of ['.', 'good', 'a-file/report.xml']) {
    const { code, stdout, stderr } = await court.run(['verify', 'good', '--output', output])
    expect({ output, code, stdout }).toEqual({ output, code: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`\\[ERR_CLI_OUTPUT\\]\\n {2}at ${output}\\n {2}\\S`))
  }
  const made = await court.run(['verify', 'good', '--json', '--output', 'new/deep/report.json'])
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^good .*reproduced/) })
  expect(readReport(court.read('new/deep/report.json')).summary.exit_code).toBe(0)
})

test('writes to a pipe as it is, and through a link, given as --output', async () => {
  execFileSync('bash', ['-c', 'exec mkfifo "$0"', join(court.folder, 'pipe')])
  const [{ code }, piped] = await Promise.all([
    court.run(['verify', 'good', '--json', '--output', 'pipe']),
    readFile(join(court.folder, 'pipe'), 'utf8'),
  ])
  expect(code).toBe(0)
  expect(readReport(piped).summary.exit_code).toBe(0)
  expect(lstatSync(join(court.folder, 'pipe')).isFIFO()).toBe(true)
  court.write('target.json', '')
  symlinkSync('target.json', join(court.folder, 'link.json'))
  await court.run(['verify', 'good', '--json', '--output', 'link.json'])
  expect(lstatSync(join(court.folder, 'link.json')).isSymbolicLink()).toBe(true)
  expect(readReport(court.read('target.json')).summary.exit_code).toBe(0)
})

test('says that replays cannot be written given a file where their folder should be', async () => {
  court.write('in-the-way', '')
  const { code, stdout } = await court.run(['verify', 'good', '--out', 'in-the-way', '--json'])
  expect(code).toBe(4)
  expect(verdictsOf(readReport(stdout))).toEqual({ 'good/fall-back': 'error fail' })
})

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`)
  return `l0: &l0 [lol]\n${levels.join('\n')}\n`
}
