import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type ConfigSurroundings, resolveConfig } from '../../src/config/resolve-config.ts'

const bare: ConfigSurroundings = { env: {}, cores: 8, isTerminal: true }
const withEnv = (env: Record<string, string>): ConfigSurroundings => ({ ...bare, env })

test('takes the defaults given neither flags nor variables', () => {
  expect(resolveConfig({}, bare)).toEqual({
    workers: 4,
    ahead: 4,
    out_dir: resolve('.retrial'),
    color: true,
    ci: false,
  })
})

test.each([
  [1, 1],
  [2, 2],
  [4, 4],
  [64, 4],
  [0.5, 1],
])('starts no more workers than there are cores given %d cores', (cores, workers) => {
  expect(resolveConfig({}, { ...bare, cores }).workers).toBe(workers)
})

test('takes variables over defaults, and flags over both, given all of them', () => {
  const surroundings = withEnv({ RETRIAL_WORKERS: '3', RETRIAL_OUT: 'build/out', CI: 'true', NO_COLOR: '1' })
  expect(resolveConfig({}, surroundings)).toEqual({
    workers: 3,
    ahead: 3,
    out_dir: resolve('build/out'),
    color: false,
    ci: true,
  })
  expect(resolveConfig({ workers: '6', out_dir: '/tmp/x', color: true, ci: false }, surroundings)).toEqual({
    workers: 6,
    ahead: 6,
    out_dir: '/tmp/x',
    color: true,
    ci: false,
  })
})

test('treats empty variables as not set given all of them empty', () => {
  const empty = withEnv({ RETRIAL_WORKERS: '', RETRIAL_OUT: '', CI: '', NO_COLOR: '' })
  expect(resolveConfig({}, empty)).toEqual(resolveConfig({}, bare))
})

test.each(['0', '-1', '1.5', 'four', '257', '1e2', '0x4', ' 4', 'Infinity'])('refuses workers given %j', (workers) => {
  const invalid = expect.objectContaining({ code: 'ERR_CONFIG_INVALID', hint: expect.any(String) })
  expect(() => resolveConfig({ workers }, bare)).toThrow(invalid)
  expect(() => resolveConfig({}, withEnv({ RETRIAL_WORKERS: workers }))).toThrow(invalid)
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 257])('refuses workers given the number %d', (workers) => {
  expect(() => resolveConfig({ workers }, bare)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
})

test.each(['', '  ', 'a\0b'])('refuses an output folder given %j', (out_dir) => {
  expect(() => resolveConfig({ out_dir }, bare)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
})

test.each<[Record<string, string>, boolean, boolean]>([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  [{ TERM: 'dumb' }, true, false],
])('decides on colour given %j and a terminal: %s', (env, isTerminal, color) => {
  expect(resolveConfig({}, { env, cores: 1, isTerminal }).color).toBe(color)
})

test.each<[string, boolean]>([
  ['1', true],
  ['true', true],
  ['woodpecker', true],
  ['0', false],
  ['FALSE', false],
])('reads the build machine off CI given %j', (value, ci) => {
  expect(resolveConfig({}, withEnv({ CI: value })).ci).toBe(ci)
})

test('reads the real environment given no surroundings', () => {
  expect(resolveConfig().workers).toBeGreaterThanOrEqual(1)
})

test('prepares as many replays as there are workers, or as many as it is told', () => {
  expect(resolveConfig({ workers: 2 }, bare).ahead).toBe(2)
  expect(resolveConfig({}, withEnv({ RETRIAL_AHEAD: '0' })).ahead).toBe(0)
  expect(resolveConfig({ ahead: '7' }, withEnv({ RETRIAL_AHEAD: '0' })).ahead).toBe(7)
})

test.each(['-1', '1.5', 'few', '257'])('refuses a number of prepared replays given %j', (ahead) => {
  expect(() => resolveConfig({ ahead }, bare)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
})
