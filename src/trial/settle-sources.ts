import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { AND_MORE } from '../boundary/sources.ts'
import type { Recording } from '../model/recording.ts'
import type { ChanceSource } from '../model/verdict.ts'
import { isApiKey, isKeptVariable } from '../recording/kept-variables.ts'
import { isSecretName } from '../recording/redact/is-secret-name.ts'
import type { ObservedSource } from '../replay/observed-source.ts'

/** What is known when the sources of a run are judged. */
export interface SourceKnowledge {
  recording: Recording
  /** What the scenario accepts by name: `replay.accept`. */
  accepted: readonly string[]
  /** Variables that the scenario sets. */
  stated: Readonly<Record<string, string>>
  /** Folder in which the run was. */
  cwd: string
  /** Folder that holds git revisions of agents, and nothing else. */
  revisions: string
  /** What the unfixed agent looked at; nothing when it is itself judged. */
  baseline: readonly ObservedSource[]
}

/** Variables that every replay sets by itself, as far as it knows. */
const OF_REPLAY = ['TMPDIR', 'TEMP', 'TMP', 'TZ', 'LC_ALL']

/**
 * Judges each source that no recording holds: `settled` says why it cannot decide between the unfixed agent and the fix, and is
 * null for one that may. `docs/decisions/0018-sources-of-chance.md` has the argument for each rule.
 */
export function settleSources(observed: readonly ObservedSource[], known: SourceKnowledge): ChanceSource[] {
  return observed
    .filter((source) => !isRecorded(source.name, known) && !isUnchangedCode(source, known))
    .map((source) => ({ name: source.name, at: source.at, settled: settle(source, known) }))
}

/** Whether the recording or the scenario says what there was to see. */
function isRecorded(name: string, { recording: { runtime }, stated }: SourceKnowledge): boolean {
  if (!name.startsWith('env:')) return false
  const variable = name.slice('env:'.length)
  if (OF_REPLAY.includes(variable) || Object.hasOwn(stated, variable)) return true
  if (runtime.env === undefined) return false
  if (Object.hasOwn(runtime.env, variable) || Object.hasOwn(runtime.secret_env ?? {}, variable)) return true
  // Such are kept whenever they are set: this one was not.
  return isSecretName(variable) ? isApiKey(variable) : isKeptVariable(variable)
}

/** Code that no replay runs cannot tell the fix from the unfixed agent where it is the same for both. */
function isUnchangedCode(source: ObservedSource, { baseline }: SourceKnowledge): boolean {
  const before = baseline.find(({ name }) => name === source.name)
  return source.name.startsWith('code:') && before !== undefined && isCovered(source, before)
}

function settle(source: ObservedSource, known: SourceKnowledge): string | null {
  const { name } = source
  if (known.accepted.some((pattern) => matches(pattern, name))) return 'accepted by the scenario'
  const before = known.baseline.find((one) => one.name === name)
  const isSame = before !== undefined && isCovered(source, before)
  if (name.startsWith('file:')) return settleFile(resolve(known.cwd, name.slice('file:'.length)), isSame, known)
  if (name.startsWith('random:')) return isSame ? 'the unfixed agent drew the same' : null
  if (name.startsWith('unwrapped:')) return isSame ? 'the unfixed agent does not wrap it either' : null
  if (name.startsWith('os:')) return isSame ? 'the unfixed agent saw the same' : null
  return null
}

/** Whether all that was seen was seen by the unfixed agent as well; of what is drawn, in the same order. */
function isCovered({ name, seen }: ObservedSource, before: ObservedSource): boolean {
  if (seen.includes(AND_MORE)) return false
  if (name.startsWith('random:')) return seen.every((value, i) => before.seen[i] === value)
  return seen.every((value) => before.seen.includes(value))
}

function settleFile(file: string, isSame: boolean, { recording, revisions }: SourceKnowledge): string | null {
  if (isWithin(file, revisions) || isSource(file)) return 'it belongs to the sources of the agent'
  if (!isSame) return null
  return isOlder(file, recording.run.started_at)
    ? 'unchanged since the recording, and the same for the unfixed agent'
    : null
}

/** Whether a file is older than the recorded run, or is as absent now as then. */
function isOlder(file: string, at: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat !== undefined) return stat.mtimeMs < at
  const folder = statSync(dirname(file), { throwIfNoEntry: false })
  return folder !== undefined && folder.mtimeMs < at
}

/** Whether git keeps a file, or will: it is shipped with the fix, as its code is. */
function isSource(file: string): boolean {
  // Of what lies in a folder, git may keep one file and ignore the next.
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false
  try {
    const args = [
      '--literal-pathspecs',
      'ls-files',
      '--cached',
      '--others',
      '--exclude-standard',
      '--error-unmatch',
      '--',
      file,
    ]
    execFileSync('git', args, { cwd: dirname(file), stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function isWithin(file: string, folder: string): boolean {
  const way = relative(folder, file)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** A name that is accepted as it is, or all that begin so. */
function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') && pattern !== 'env:*' ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}
