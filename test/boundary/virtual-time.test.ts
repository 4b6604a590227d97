import { expect, test } from 'vitest'
import { runInWorld } from './run-world.ts'

const EXPECTED: Record<string, [outcome: unknown, elapsed: number]> = {
  'file read': ['work won', 0],
  gzip: ['work won', 0],
  brotli: ['work won', 0],
  scrypt: ['work won', 0],
  'subtle digest': ['work won', 0],
  'a thousand immediates': ['work won', 0],
  'a storm of ticks': ['work won', 0],
  'message channel': ['work won', 0],
  'compression stream': ['work won', 0],
  'dynamic import': ['work won', 0],
  sleep: ['slept', 3000],
  'promisified timer': ['slept', 3000],
  'timer captured early': ['fired', 300],
  'abort signal': ['TimeoutError', 3000],
  'any abort signal': ['TimeoutError', 3000],
  'abort within a stream': ['one two then TimeoutError', 700],
  'axios time-out': ['AxiosError ECONNABORTED', 3000],
  'axios over fetch time-out': ['AxiosError ETIMEDOUT', 3000],
  'got time-out': ['TimeoutError ETIMEDOUT', 3000],
  'request time-out': ['timed out', 3000],
  'heartbeat beside a call': ['5 beats', 5500],
  'clocks agree': ['1234 1234 1234 1234', 1234],
  'timers within timers': ['abcd', 30],
  'refused child process': ['Error EACCES', 0],
}

test('each wait takes exactly its virtual time, and real work takes none, given an agent that mixes them', async () => {
  const { end, value } = await runInWorld('virtual-time', 'all')
  expect(end).toBe('done')
  expect(value).toEqual(EXPECTED)
})

test('a deadlock is found at once given a run that waits for nothing that could come', async () => {
  expect(await runInWorld('virtual-time', 'deadlock')).toMatchObject({ end: 'deadlock', elapsed: 0 })
})

test('a deadlock is found given a call that is never answered and has no time-out', async () => {
  const { end, asks } = await runInWorld('virtual-time', 'silence')
  expect(end).toBe('deadlock')
  expect(asks).toEqual(['fetch GET http://replay.test/silence'])
})
