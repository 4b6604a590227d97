import { type ChildProcess, fork } from 'node:child_process'
import { closeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { samplingFlags } from '../sample-stack.ts'
import { permissionFlags } from './permission.ts'
import { openFilter } from './sandbox.ts'
import type { StartSettings } from './start-settings.ts'

const ENTRY = fileURLToPath(
  new URL(`../replay-process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)
const QUIET = ['--disable-warning=ExperimentalWarning', '--no-deprecation']

/** Most of what loading an agent leaves behind is gone before so much has come together, MB: nothing of it has to be copied until then. */
const YOUNG = '--min-semi-space-size=16'

export interface StartFolders {
  /** What the process may write to. */
  writable: readonly string[]
  /** Where compiled code is kept from process to process. */
  cacheDir: string | undefined
}

/** Starts a process that waits for a replay, behind the walls that its settings ask for. */
export function startProcess(settings: StartSettings, { writable, cacheDir }: StartFolders): ChildProcess {
  const { sandbox, permission, addons, maxMemoryMb } = settings
  const folders = [...writable, ...(cacheDir === undefined ? [] : [cacheDir])]
  const node = [
    ...QUIET,
    YOUNG,
    ...samplingFlags(permission),
    `--max-old-space-size=${maxMemoryMb}`,
    ...(permission ? permissionFlags(folders, addons) : []),
  ]
  const stdio: (string | number)[] = ['ignore', 'pipe', 'pipe', 'ipc', 'pipe']
  const filter = sandbox === null ? undefined : openFilter(sandbox)
  if (filter !== undefined) stdio.push(filter)
  try {
    return fork(ENTRY, [], {
      stdio: stdio as ('ignore' | 'pipe' | 'ipc' | number)[],
      serialization: 'advanced',
      env: { ...bareEnvironment(cacheDir), LC_ALL: settings.locale },
      ...(sandbox === null
        ? { execArgv: node }
        : {
            execPath: sandbox.command,
            execArgv: [
              ...sandbox.prefix(folders, filter === undefined ? undefined : stdio.length - 1),
              process.execPath,
              ...node,
            ],
          }),
    })
  } finally {
    if (filter !== undefined) closeSync(filter)
  }
}

/**
 * Enough to start Node; the agent's own environment comes with the job. One thread for real work: what is asked for first is
 * done first, and a request that is back proves that all before it is done.
 */
function bareEnvironment(cacheDir: string | undefined): NodeJS.ProcessEnv {
  const { PATH, HOME, SystemRoot, TMPDIR, TEMP } = process.env
  const machine = { PATH, HOME, SystemRoot, TMPDIR, TEMP }
  return {
    ...machine,
    UV_THREADPOOL_SIZE: '1',
    UV_USE_IO_URING: '0',
    ...(cacheDir !== undefined && { NODE_COMPILE_CACHE: cacheDir }),
  }
}
