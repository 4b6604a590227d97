import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openCourt } from './open-court.ts'

const court = openCourt([])
afterAll(() => court.close())

const VERBS = [
  ['verify'],
  ['debug'],
  ['record'],
  ['replay'],
  ['scenario'],
  ['scenario', 'new'],
  ['import'],
  ['export'],
  ['doctor'],
]

test('describes itself on stdout and exits with 0 given --help or help', async () => {
  const { code, stdout, stderr } = await court.run(['--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const [verb = ''] of VERBS) expect(stdout).toMatch(new RegExp(`^  ${verb} .*\\w`, 'm'))
  expect(await court.run(['help'])).toEqual({ code, stdout, stderr })
  expect(await court.run(['-h'])).toEqual({ code, stdout, stderr })
})

test('describes every argument and option given a verb and --help', async () => {
  for (const verb of VERBS) {
    const { code, stdout, stderr } = await court.run([...verb, '--help'])
    expect({ verb, code, stderr }).toEqual({ verb, code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: retrial ${verb.join(' ')}`)
    // An entry is a name, and at least two spaces before what is said of it.
    const entries = stdout
      .split('\n')
      .filter((line) => /^ {2}(-|[a-z]+ +\S)/.test(line) && !line.startsWith('  retrial'))
    expect(entries.length, verb.join(' ')).toBeGreaterThan(0)
    for (const entry of entries) expect(entry).toMatch(/^ {2}\S.*? {2,}\S/)
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(90)
    expect(await court.run(['help', ...verb.slice(0, 1)])).toMatchObject({ code: 0 })
  }
})

test('tells its version given --version', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  const shown = { code: 0, stdout: `${version}\n`, stderr: '' }
  expect(await court.run(['--version'])).toEqual(shown)
  expect(await court.run(['-V'])).toEqual(shown)
})

test('names the mistake and the way to help, and exits with 2, given a command line that cannot be understood', async () => {
  const cases: [string[], RegExp][] = [
    [['verfy'], /^Unknown command 'verfy'\. .*\n {2}Did you mean verify\? See `retrial --help`\.\n$/],
    [['constructor'], /^Unknown command 'constructor'\./],
    [['--nope'], /^Unknown option '--nope'\./],
    [['verify', '--jsom'], /^Unknown option '--jsom'\. .*\n {2}Did you mean --json\? See `retrial verify --help`\.\n$/],
    [['verify', '--workers'], /^Option '--workers <n>' argument missing\./],
    [['verify', '--only'], /^Option '--only <ids...>' argument missing\./],
    [['verify', '--output'], /^Option '--output <file>' argument missing\./],
    [['verify', '--reporter', 'html'], /^Option '--reporter <name>' argument 'html' is invalid\. /],
    [
      ['verify', '--json', '--reporter', 'junit'],
      /^--json and --reporter junit cannot both be printed\. .*\n {2}Write one of them to a file/,
    ],
    [['replay'], /^Missing required argument 'scenario'\..*\n {2}See `retrial replay --help`\.\n$/],
    [['replay', 'a.yaml', 'b.yaml'], /^Too many arguments for 'replay'\./],
    [['scenario', 'nwe'], /^Unknown command 'nwe'\. .*\n {2}Did you mean new\? See `retrial scenario --help`\.\n$/],
    [['scenario', 'new'], /^Missing required argument 'recording'\./],
    [['export', 'vhs', 'a.jsonl'], /^Command-argument value 'vhs' is invalid for argument 'format'\. /],
    [['record', 'node'], /^Required option '--out <file>' not specified\./],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await court.run(args)
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toContain('[ERR_CLI_USAGE]')
    expect(stderr).not.toMatch(/^ +at /m)
  }
})

test('shows help on stderr and exits with 2 given no command', async () => {
  for (const args of [[], ['scenario']]) {
    const { code, stdout, stderr } = await court.run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: retrial')
  }
})
