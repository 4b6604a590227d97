import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
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
 * Checks a git revision out into a cache folder and finds a file of the working tree in it. The user's tree, index,
 * branches and worktrees are never touched: the files are written by an index of their own. Installed dependencies are linked.
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
  if (!existsSync(tree)) await writeTree(root, commit, tree)
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

async function writeTree(root: string, commit: string, tree: string): Promise<void> {
  const hint = 'Free some space, or look at what git says.'
  await mkdir(dirname(tree), { recursive: true })
  // Made under another name first: a half-made checkout must not be taken for a whole one.
  const draft = await mkdtemp(`${tree}.part-`)
  try {
    const index = { GIT_INDEX_FILE: join(draft, 'index') }
    await git(root, ['read-tree', '--no-sparse-checkout', commit], hint, index)
    await git(root, ['checkout-index', '--all', `--prefix=${join(draft, 'tree')}/`], hint, index)
    await rename(join(draft, 'tree'), tree)
  } catch (error) {
    // Another trial may have been faster.
    if (!existsSync(tree)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
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

/** What a git hook is given to find its repository by. It would lead astray in here. */
const LOCAL_VARIABLES =
  /^GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE)$/

async function git(cwd: string, args: string[], hint: string, variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !LOCAL_VARIABLES.test(name))
  const env = { ...Object.fromEntries(inherited), ...variables }
  try {
    // The user's hooks are about the user's tree.
    const { stdout } = await run('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd, env, maxBuffer: 1 << 24 })
    return stdout.trim()
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const said = stderr.trim().split('\n').at(-1) || message
    throw new RetrialError('ERR_TRIAL_GIT', `git ${args[0]} failed: ${said}`, { hint, cause: error })
  }
}
