import { readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { isGlob, splitGlob, toRegex } from './glob.ts'

/** Where scenarios are looked for when nothing is named. */
const DEFAULT_SCENARIO_PATH = 'scenarios/'

/**
 * Finds scenario files: each path is a file, a folder (searched for `*.yaml` and `*.yml`, without `node_modules` and
 * names that begin with a dot) or a glob pattern (`*`, `**`, `?`, `[abc]`, `{a,b}`). Without paths, the folder `scenarios/`.
 * Gives absolute paths, sorted, each file once, and never an empty list.
 *
 * @throws RetrialError `ERR_SCENARIO_NONE_FOUND` when a path yields no scenario, `ERR_SCENARIO_NOT_FOUND` when it does
 * not exist, `ERR_SCENARIO_UNREADABLE` when a folder cannot be read.
 */
export async function findScenarios(paths: readonly string[] = []): Promise<string[]> {
  const byRealPath = new Map<string, string>()
  for (const path of paths.length > 0 ? paths : [DEFAULT_SCENARIO_PATH]) {
    const files = await expand(path)
    if (files.length === 0) throw noneFound(path)
    for (const file of files.sort()) {
      // A link to nowhere stays in the list, so that loading it says what is missing.
      const real = await realpath(file).catch(() => file)
      if (!byRealPath.has(real)) byRealPath.set(real, file)
    }
  }
  return [...byRealPath.values()].sort()
}

async function expand(path: string): Promise<string[]> {
  const absolute = resolve(path)
  const kind = await kindOf(absolute)
  if (kind === 'file') return [absolute]
  if (kind === 'folder') return walk(absolute, new Set())
  if (!isGlob(path)) {
    throw new RetrialError('ERR_SCENARIO_NOT_FOUND', `Failed to find scenarios: ${path} does not exist`, {
      hint: 'Check the path.',
      location: { path },
    })
  }
  const { base, pattern } = splitGlob(absolute)
  if ((await kindOf(base)) !== 'folder') return []
  const regex = toRegex(pattern)
  const files = await walk(base, new Set())
  return files.filter((file) => regex.test(file.slice(base.length).split(sep).join('/').replace(/^\//, '')))
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch {
    return null
  }
}

async function walk(folder: string, visited: Set<string>): Promise<string[]> {
  const real = await realpath(folder)
  if (visited.has(real)) return []
  visited.add(real)
  const found: string[] = []
  for (const entry of await list(folder)) {
    if (entry === 'node_modules' || entry.startsWith('.')) continue
    const path = join(folder, entry)
    // A link counts as what it leads to: a linked scenario that nobody runs would be a gate that nobody keeps.
    const kind = await kindOf(path)
    if (kind === 'folder') found.push(...(await walk(path, visited)))
    if (kind !== 'folder' && /\.ya?ml$/i.test(entry)) found.push(path)
  }
  return found
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (cause) {
    throw new RetrialError('ERR_SCENARIO_UNREADABLE', `Failed to find scenarios: ${folder} cannot be read`, {
      hint: 'Make the folder readable.',
      location: { path: folder },
      cause,
    })
  }
}

function noneFound(path: string): RetrialError {
  return new RetrialError(
    'ERR_SCENARIO_NONE_FOUND',
    `Failed to find scenarios: ${path} holds no *.yaml or *.yml file`,
    {
      hint: 'Name a scenario file, a folder that holds some, or a pattern that matches some.',
      location: { path },
    },
  )
}
