import { realpathSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Agent, type Court, openCourt, outputOf } from './court.ts'

let court: Court
let german: Court
const PROXIES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'NODE_USE_ENV_PROXY',
]
let look: Agent
const LOOK = `
  export function run() {
    return {
      env: { ...process.env },
      cwd: process.cwd(),
      argv: process.argv.length,
      execArgv: process.execArgv,
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      noon: new Date(Date.UTC(2026, 0, 1, 12)).getHours(),
      locale: Intl.DateTimeFormat().resolvedOptions().locale,
      number: (1234.5).toLocaleString(),
      send: typeof process.send,
      title: process.title,
    }
  }`
interface Seen {
  env: Record<string, string>
  cwd: string
  argv: number
  execArgv: string[]
  zone: string
  noon: number
  locale: string
  number: string
  send: string
  title: string
}

beforeAll(() => {
  process.env.RETRIAL_TEST_CANARY = 'a secret of this machine'
  process.env.CANARY_API_KEY = 'sk-of-this-machine-0123456789'
  for (const name of PROXIES) process.env[name] = 'http://proxy.test:3128'
  process.env.NODE_OPTIONS = '--title=of-this-machine'
  court = openCourt({ TZ: 'Asia/Tokyo', SERVICE_URL: 'http://recorded.test', ACME_API_KEY: 'sk-acme-0123456789abcdef' })
  german = openCourt({ LC_ALL: 'de-DE', TZ: 'Europe/Berlin' })
  look = court.agent(LOOK)
})
afterAll(() => {
  court.close()
  german.close()
  for (const name of [...PROXIES, 'NODE_OPTIONS']) delete process.env[name]
})

test('the environment is that of the recording and no more given a machine with secrets', async () => {
  const live = await court.record(look)
  const seen = outputOf(await court.replay(look, live)) as unknown as Seen
  expect(seen.env.SERVICE_URL).toBe('http://recorded.test')
  expect(seen.env.RETRIAL_TEST_CANARY).toBeUndefined()
  expect(seen.env.CANARY_API_KEY).toBeUndefined()
  expect(JSON.stringify(seen)).not.toContain('of this machine')
  expect(JSON.stringify(seen)).not.toContain('sk-acme-0123456789abcdef')
  expect(seen.env.ACME_API_KEY).toBe(live.recording.runtime.secret_env?.ACME_API_KEY)
  expect(Object.keys(seen.env).filter((name) => /^(NODE_|RETRIAL|VITEST|npm_)/i.test(name))).toEqual([])
  expect(Object.keys(seen.env).filter((name) => /proxy/i.test(name))).toEqual([])
  expect(seen.title).not.toContain('of-this-machine')
  expect([seen.send, seen.execArgv]).toEqual(['undefined', []])
})

test('the working folder and the arguments are those of the job', async () => {
  const live = await court.record(look)
  const seen = outputOf(await court.replay(look, live)) as unknown as Seen
  expect(realpathSync(seen.cwd)).toBe(realpathSync(court.folder))
  expect(seen.argv).toBe(2)
})

test('what the scenario sets is seen, above what was recorded', async () => {
  const live = await court.record(look)
  const extra_env = { SERVICE_URL: 'http://scenario.test', FLAG: 'on' }
  const seen = outputOf(await court.replay(look, live, { extra_env })) as unknown as Seen
  expect(seen.env).toMatchObject(extra_env)
})

test('hours are those of the recorded time zone', async () => {
  const live = await court.record(look)
  const seen = outputOf(await court.replay(look, live)) as unknown as Seen
  expect([seen.zone, seen.noon]).toEqual(['Asia/Tokyo', 21])
  const elsewhere = outputOf(
    await court.replay(look, live, { extra_env: { TZ: 'America/New_York' } }),
  ) as unknown as Seen
  expect([elsewhere.zone, elsewhere.noon]).toEqual(['America/New_York', 7])
})

test('numbers are written as in the recorded locale', async () => {
  const live = await german.record(look)
  expect(live.output).toMatchObject({ locale: 'de-DE', number: '1.234,5' })
  const seen = outputOf(await german.replay(look, live)) as unknown as Seen
  expect([seen.locale, seen.number, seen.zone]).toEqual(['de-DE', '1.234,5', 'Europe/Berlin'])
  const other = outputOf(await german.replay(look, await court.record(look))) as unknown as Seen
  expect([other.locale, other.number]).toEqual(['en-US', '1,234.5'])
})
