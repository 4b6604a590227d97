import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { RetrialError } from '../core/errors.ts'
import { linkDependencies } from './link-dependencies.ts'

const run = promisify(execFile)

/** A revision of the project, checked out beside it. */
export interface CheckedOut {
  /** Absolute path of the wanted file within the revision. */
  module: string
  /** The folder within the revision that stands for the working directory; that itself where it is outside of the project. */
  cwd: string
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
  const folder = existingFolder(module)
  const root = await git(folder, ['rev-parse', '--show-toplevel'], 'Use `git` only for agents in a git repository.')
  const hint = `Name a branch, tag or commit that \`git -C ${root} rev-parse\` knows.`
  const commit = await git(root, ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`], hint)
  const tree = resolve(cacheDir, commit)
  if (!existsSync(tree)) await writeTree(root, commit, tree)
  // As git sees it: a link on the way to the project must not lead out of the revision.
  const path = relative(root, join(await realpath(folder), relative(folder, module)))
  const missing = await linkDependencies(root, tree, await packagesOf(root, commit, path))
  const assumptions = await assumeDependencies(root, tree, ref, missing)
  const file = join(tree, path)
  if (!existsSync(file)) {
    throw new RetrialError('ERR_TRIAL_GIT', `The revision ${ref} holds no ${path}.`, {
      hint: 'Name the path that the agent has at that revision.',
    })
  }
  return { module: file, cwd: within(root, tree, process.cwd()), commit, assumptions }
}

function within(root: string, tree: string, cwd: string): string {
  const path = relative(root, cwd)
  const counterpart = join(tree, path)
  if (/^\.\.(?:[/\\]|$)/.test(path) || isAbsolute(path)) return cwd
  return existsSync(counterpart) ? counterpart : tree
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

/** Folders that may have dependencies of their own: those with a manifest, and those on the way to the module. */
async function packagesOf(root: string, commit: string, path: string): Promise<string[]> {
  const listed = await git(root, ['ls-tree', '-r', '-z', '--name-only', commit], 'Look at what git says.')
  const manifests = listed.split('\0').filter((one) => basename(one) === 'package.json')
  const folders = manifests.map((one) => dirname(one))
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.push(folder)
  return folders.filter((folder) => folder !== '.')
}

/** What is taken for granted about dependencies that are installed as they are today. */
async function assumeDependencies(root: string, tree: string, ref: string, missing: string[]): Promise<string[]> {
  const [today, then] = await Promise.all(
    [root, tree].map(async (folder) => {
      const locks = ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock']
      return Promise.all(locks.map((lock) => readFile(join(folder, lock), 'utf8').catch(() => '')))
    }),
  )
  const differs = today?.some((text, i) => text !== then?.[i])
  return [
    ...(differs ? [`the dependencies of ${ref} are those installed today: its lock file differs`] : []),
    ...(missing.length > 0 ? [`${ref} does without ${missing.join(', ')}, which it does not hold`] : []),
  ]
}

/** What a git hook is given to find its repository by. It would lead astray in here. */
const LOCAL_VARIABLES =
  /^GIT_(DIR|WORK_TREE|COMMON_DIR|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE)$/

async function git(cwd: string, args: string[], hint: string, variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !LOCAL_VARIABLES.test(name))
  const env = { ...Object.fromEntries(inherited), ...variables }
  try {
    // The user's hooks are about the user's tree.
    const { stdout } = await run('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd, env, maxBuffer: 1 << 28 })
    return stdout.trim()
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const said = stderr.trim().split('\n').at(-1) || message
    throw new RetrialError('ERR_TRIAL_GIT', `git ${args[0]} failed: ${said}`, { hint, cause: error })
  }
}
