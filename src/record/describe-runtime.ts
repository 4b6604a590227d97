import { relative } from 'node:path'
import type { Runtime } from '../model/run.ts'
import { isApiKey, isKeptVariable } from '../recording/kept-variables.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'
import { isSecretName } from '../recording/redact/is-secret-name.ts'

/** Shortest value that is worth a token; `none` or `ollama` only keeps a client from refusing to start, as any other value does. */
const MIN_SECRET = 8

/** A folder above another, seen from there. */
const ABOVE = /^(\.\.[\\/])*\.\.$/

/**
 * What a replay has to restore of the machine: the time zone, the locale, and the environment variables that an agent is
 * likely to read. Values of secrets become tokens; all other variables are left out.
 *
 * @param keep Names of further variables to keep.
 * @param folder Where the recording is.
 */
export function describeRuntime(
  env: NodeJS.ProcessEnv,
  keep: readonly string[],
  redactor: Redactor,
  folder: string,
): Runtime {
  const kept: Record<string, string> = {}
  const secrets: Record<string, string> = {}
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || value === '') continue
    // npm and friends describe themselves to their children at length.
    if (/^npm_/i.test(name)) continue
    if (isSecretName(name)) {
      if (isApiKey(name)) secrets[name] = value.length >= MIN_SECRET ? redactor.text(value) : 'placeholder'
    } else if (keep.includes(name) || isKeptVariable(name)) kept[name] = redactor.text(value)
  }
  // Only the way up: it tells nothing of the machine, and holds wherever the project is checked out.
  const cwd = relative(folder, process.cwd()).replaceAll('\\', '/') || '.'
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions()
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    ...(timeZone !== undefined && { timezone: timeZone }),
    ...(locale !== undefined && { locale }),
    ...((cwd === '.' || ABOVE.test(cwd)) && { cwd }),
    env: kept,
    secret_env: secrets,
  }
}
