import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where the replays of a pool write. */
export interface WriteFolders {
  /** Holds the scratch folders of all replays. */
  readonly scratch: string
  /** Where compiled code is kept from process to process; undefined for nowhere. */
  readonly cache: string | undefined
  /** Makes a folder for what the harness writes in one process: no other process may write there. */
  makeSlot(): string
  /**
   * Takes an empty scratch folder for a replay, and keeps everybody else off it. It has the same path each time, so that an
   * agent which speaks of it says the same; a number is added where that one is in use.
   */
  takeScratch(label: string): string
  /** Removes a folder that was taken or made. */
  release(folder: string): void
  /** Removes what is left. */
  close(): void
}

let slots = 0
/** The scratch folders that this process has. */
const inUse = new Set<string>()

export interface WriteFoldersOptions {
  /** Folder for all but the cache. @default one among the temporary files */
  workDir?: string | undefined
  cacheDir?: string | undefined
}

export function createWriteFolders({ workDir, cacheDir }: WriteFoldersOptions): WriteFolders {
  const work = makeFolder(workDir)
  const isOwn = work === undefined
  // Links on the way would be another path to the permission model.
  const base = realpathSync(work ?? mkdtempSync(join(tmpdir(), 'retrial-')))
  const cache = makeFolder(cacheDir)
  sweep(base)
  const scratch = join(base, 'scratch')
  mkdirSync(scratch, { recursive: true })
  const taken = new Set<string>()
  return {
    scratch,
    cache: cache === undefined ? undefined : realpathSync(cache),
    makeSlot() {
      const slot = join(base, `${process.pid}-${++slots}`)
      mkdirSync(slot)
      return slot
    },
    takeScratch(label) {
      for (let number = 1; ; number++) {
        const folder = join(scratch, ...label.split('/')) + (number === 1 ? '' : `-${number}`)
        if (inUse.has(folder) || !claim(folder)) continue
        inUse.add(folder)
        taken.add(folder)
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder, { recursive: true })
        return folder
      }
    },
    release(folder) {
      // A process that was killed may still be there for a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
      if (!taken.delete(folder)) return
      inUse.delete(folder)
      rmSync(ownerOf(folder), { force: true })
    },
    close() {
      for (const folder of [...taken]) this.release(folder)
      if (isOwn) rmSync(base, { recursive: true, force: true })
    },
  }
}

/** Removes the folders of processes that were killed before they could. */
function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const [, pid] = /^(\d+)-\d+$/.exec(name) ?? []
    if (pid === undefined || Number(pid) === process.pid || isAlive(Number(pid))) continue
    rmSync(join(base, name), { recursive: true, force: true })
  }
}

/** The folder, if it can be made; where nothing can be written, each replay says so by itself. */
function makeFolder(folder: string | undefined): string | undefined {
  try {
    if (folder !== undefined) mkdirSync(folder, { recursive: true })
    return folder
  } catch {
    return undefined
  }
}

function ownerOf(folder: string): string {
  return `${folder}.owner`
}

/** Writes down that this process has the folder, unless another that is alive does. */
function claim(folder: string): boolean {
  const owner = ownerOf(folder)
  mkdirSync(dirname(owner), { recursive: true })
  try {
    writeFileSync(owner, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (isAlive(Number(readOwner(owner)))) return false
  }
  // Of two that find it orphaned, the one whose claim stays has it.
  const mine = `${owner}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  renameSync(mine, owner)
  return readOwner(owner) === String(process.pid)
}

function readOwner(owner: string): string {
  return existsSync(owner) ? readFileSync(owner, 'utf8') : ''
}

function isAlive(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
