import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { RetrialError } from '../core/errors.ts'

const run = promisify(execFile)

/** A revision of the project, checked out beside it. */
export interface CheckedOut {
  /** Absolute path of the wanted file within the revision. */
  module: string
  commit: string
  /** What had to be taken for granted. */
  assumptions: string[]
}

/**
 * Checks a git revision out into a cache folder and finds a file of the working tree in it. The user's tree, index and
 * branches are never touched: the cache is a clone of its own that shares the objects. Installed dependencies are linked.
 *
 * @param module Absolute path of the file in the working tree.
 * @param cacheDir Where checked out revisions are kept.
 * @throws ERR_TRIAL_GIT when the file is in no repository, the revision is unknown, or it does not hold the file.
 */
export async function checkOutRevision(module: string, ref: string, cacheDir: string): Promise<CheckedOut> {
  const root = await git(
    existingFolder(module),
    ['rev-parse', '--show-toplevel'],
    'Use `git` only for agents in a git repository.',
  )
  const hint = `Name a branch, tag or commit that \`git -C ${root} rev-parse\` knows.`
  const commit = await git(root, ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`], hint)
  const tree = join(cacheDir, commit)
  if (!existsSync(tree)) await clone(root, commit, tree)
  const assumptions = await linkDependencies(root, tree, ref)
  const file = join(tree, relative(root, module))
  if (!existsSync(file)) {
    throw new RetrialError('ERR_TRIAL_GIT', `The revision ${ref} holds no ${relative(root, module)}.`, {
      hint: 'Name the path that the agent has at that revision.',
    })
  }
  return { module: file, commit, assumptions }
}

/** The folder of a file that need not exist in the working tree any more. */
function existingFolder(path: string): string {
  let folder = dirname(path)
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}

async function clone(root: string, commit: string, tree: string): Promise<void> {
  // Made under another name first: a half-made checkout must not be taken for a whole one.
  const draft = `${tree}.${process.pid}.part`
  await mkdir(dirname(tree), { recursive: true })
  await rm(draft, { recursive: true, force: true })
  const hint = 'Free some space, or look at what git says.'
  await git(dirname(tree), ['clone', '--quiet', '--shared', '--no-checkout', root, draft], hint)
  await git(draft, ['checkout', '--quiet', '--detach', commit], hint)
  await rename(draft, tree).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(tree)) throw error
  })
}

async function linkDependencies(root: string, tree: string, ref: string): Promise<string[]> {
  const modules = join(root, 'node_modules')
  const link = join(tree, 'node_modules')
  if (!existsSync(modules)) return []
  if (!existsSync(link)) {
    await symlink(modules, link, 'junction').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  const [today, then] = await Promise.all(
    [root, tree].map((dir) => readFile(join(dir, 'package-lock.json'), 'utf8').catch(() => '')),
  )
  return today === then ? [] : [`the dependencies of ${ref} are those installed today: its lock file differs`]
}

async function git(cwd: string, args: string[], hint: string): Promise<string> {
  try {
    const { stdout } = await run('git', args, { cwd, maxBuffer: 1 << 24 })
    return stdout.trim()
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const said = stderr.trim().split('\n').at(-1) || message
    throw new RetrialError('ERR_TRIAL_GIT', `git ${args[0]} failed: ${said}`, { hint, cause: error })
  }
}
