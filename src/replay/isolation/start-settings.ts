import { DEFAULT_MAX_MEMORY_MB } from '../../scenario/scenario.ts'
import type { ReplayJob } from '../protocol.ts'
import { findSandbox, type Sandbox } from './sandbox.ts'

/** What a process gets when it starts, so that no job can set it any more. */
export interface StartSettings {
  locale: string
  maxMemoryMb: number
  permission: boolean
  addons: boolean
  /** Null for none. */
  sandbox: Sandbox | null
  /** A folder of the scenario's own that the agent may write to; null when the pool makes one. */
  scratch: string | null
}

/** What Node takes where nothing names a locale. */
const DEFAULT_LOCALE = 'en-US'

export function settingsOf(
  { env, isolation = {} }: Pick<ReplayJob, 'env' | 'isolation'>,
  maxMemoryMb = DEFAULT_MAX_MEMORY_MB,
): StartSettings {
  const { permission = true, addons = false, sandbox = 'off', scratch = null } = isolation
  return {
    locale: localeOf(env),
    maxMemoryMb,
    permission,
    addons,
    // Whether there has to be one was settled before.
    sandbox: sandbox === 'off' ? null : findSandbox(),
    scratch,
  }
}

export function isSame(a: StartSettings, b: StartSettings): boolean {
  return (Object.keys(a) as (keyof StartSettings)[]).every((key) => a[key] === b[key])
}

/** The locale that Node would take from an environment. */
function localeOf({ LC_ALL, LC_MESSAGES, LANG }: Record<string, string>): string {
  return LC_ALL || LC_MESSAGES || LANG || DEFAULT_LOCALE
}
