import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { DEFAULTS, WORKERS_LIMIT } from './defaults.ts'

/** Settings as flags or a caller give them; what is missing comes from the environment, then from the defaults. */
export interface UserConfig {
  /** Trials at once: a whole number from 1 to 256, or its text. @default the number of cores, at most 4 */
  workers?: number | string | undefined
  /** Replays prepared while others run: a whole number from 0 to 256, or its text. @default as many as there are workers */
  ahead?: number | string | undefined
  /** Where results are written. @default `.retrial` */
  out_dir?: string | undefined
  /** Colour in the output. @default true on a terminal */
  color?: boolean | undefined
  /** True on a build machine. @default whether `CI` is set */
  ci?: boolean | undefined
}

export interface ResolvedConfig {
  workers: number
  ahead: number
  /** Absolute path. */
  out_dir: string
  color: boolean
  ci: boolean
}

/** The machine as far as settings depend on it. */
export interface ConfigSurroundings {
  /** @default process.env */
  env?: Readonly<Record<string, string | undefined>>
  /** @default the number of cores this process may use */
  cores?: number
  /** Whether the output goes to a terminal. @default whether stdout does */
  isTerminal?: boolean
}

/**
 * Settles the settings: flags first, then `RETRIAL_WORKERS`, `RETRIAL_AHEAD`, `RETRIAL_OUT`, `NO_COLOR`, `FORCE_COLOR` and `CI`, then
 * the defaults. An empty variable counts as not set, except for `FORCE_COLOR`.
 *
 * @throws RetrialError `ERR_CONFIG_INVALID` when a value cannot be used.
 */
export function resolveConfig(user: UserConfig = {}, surroundings: ConfigSurroundings = {}): ResolvedConfig {
  const { env = process.env, cores = availableParallelism(), isTerminal = process.stdout.isTTY === true } = surroundings
  const ci = user.ci ?? isSwitchedOn(env.CI)
  const workers = resolveWorkers(user.workers, env.RETRIAL_WORKERS, cores)
  return {
    workers,
    ahead: resolveAhead(user.ahead, env.RETRIAL_AHEAD, workers),
    out_dir: resolveOutDir(user.out_dir, env.RETRIAL_OUT),
    color: user.color ?? resolveColor(env, isTerminal),
    ci,
  }
}

function resolveWorkers(flag: number | string | undefined, variable: string | undefined, cores: number): number {
  if (flag !== undefined) return parseCount(flag, 'workers', 1)
  if (variable) return parseCount(variable, 'RETRIAL_WORKERS', 1)
  return Math.max(1, Math.min(DEFAULTS.max_workers, Math.floor(cores)))
}

function resolveAhead(flag: number | string | undefined, variable: string | undefined, workers: number): number {
  if (flag !== undefined) return parseCount(flag, 'ahead', 0)
  if (variable) return parseCount(variable, 'RETRIAL_AHEAD', 0)
  return workers
}

function parseCount(value: number | string, name: string, least: number): number {
  const isNumber = typeof value === 'number' || /^\d+$/.test(value)
  const count = isNumber ? Number(value) : Number.NaN
  if (Number.isInteger(count) && count >= least && count <= WORKERS_LIMIT) return count
  throw invalid(name, value, `Give a whole number from ${least} to ${WORKERS_LIMIT}.`)
}

function resolveOutDir(flag: string | undefined, variable: string | undefined): string {
  const [name, value] =
    flag === undefined && variable ? ['RETRIAL_OUT', variable] : ['out_dir', flag ?? DEFAULTS.out_dir]
  if (value.trim() === '' || value.includes('\0')) throw invalid(name, value, 'Name a folder.')
  return resolve(value)
}

/** `FORCE_COLOR` wins over `NO_COLOR`, as in Node. */
function resolveColor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  if (env.NO_COLOR || env.TERM === 'dumb') return false
  return isTerminal
}

function isSwitchedOn(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false'].includes(variable.toLowerCase())
}

function invalid(name: string, value: unknown, hint: string): RetrialError {
  const message = `Failed to read the setting ${name}: ${JSON.stringify(value)} cannot be used`
  return new RetrialError('ERR_CONFIG_INVALID', message, { hint })
}
