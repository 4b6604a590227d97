import { sep } from 'node:path'

/** What swallows or shows whatever is written to it. */
const DEVICES = ['/dev/null', '/dev/stdout', '/dev/stderr', '/dev/tty']

/**
 * The flags of Node's permission model for a replay: reading is free, writing is for some folders, and there are no other
 * processes, threads, WASI, inspector and, where Node knows how, no network.
 *
 * @param writable Folders that may be written to, with everything in them.
 * @param addons Whether native addons may be loaded.
 */
export function permissionFlags(writable: readonly string[], addons: boolean): string[] {
  const folders = writable.flatMap((folder) => [folder, `${folder}${sep}*`])
  return [
    '--permission',
    '--allow-fs-read=*',
    ...[...folders, ...DEVICES].map((path) => `--allow-fs-write=${path}`),
    ...(addons ? ['--allow-addons'] : []),
  ]
}
