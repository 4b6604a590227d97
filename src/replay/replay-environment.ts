import type { Recording } from '../model/recording.ts'

/** Variables that a program needs to run at all, taken over from this machine. */
const MACHINE = ['PATH', 'HOME', 'SystemRoot', 'PATHEXT', 'USER', 'LOGNAME', 'SHELL']

/** Temporary files of a replay go to a folder of its own. */
const TEMPORARY = ['TMPDIR', 'TEMP', 'TMP']

/**
 * The environment of a replayed agent: what the recording kept, what the scenario and the candidate set on top of it, the
 * recorded time zone and locale, and the bare needs of a process. No secret of this machine is in it: where the recorded
 * agent had one, stands the token that replaced it.
 */
export function buildReplayEnvironment(recording: Recording, extra: Record<string, string>): Record<string, string> {
  const { runtime } = recording
  const env: Record<string, string> = {}
  for (const name of MACHINE) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  if (runtime.timezone !== undefined) env.TZ = runtime.timezone
  if (runtime.locale !== undefined) env.LC_ALL = runtime.locale
  Object.assign(env, runtime.env, runtime.secret_env)
  for (const name of TEMPORARY) delete env[name]
  return { ...env, ...extra }
}
