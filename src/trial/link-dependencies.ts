import { existsSync } from 'node:fs'
import { mkdir, readdir, realpath, symlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

/**
 * Links what is installed in a project into a checked out revision of it: every `node_modules` on the way from its root to
 * a file, and those beside its packages. A package that is the project's own (a workspace) is taken from the revision, too:
 * the link of an installer would lead into the working tree.
 *
 * @param packages Folders of the revision's packages, relative to the root.
 * @returns Names of the project's own packages that the revision does not hold, and that are missing in it therefore.
 */
export async function linkDependencies(root: string, tree: string, packages: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  for (const folder of new Set(['', ...packages])) {
    const modules = join(root, folder, 'node_modules')
    if (!existsSync(modules) || !existsSync(join(tree, folder))) continue
    const own = await findOwn(root, modules)
    const place = join(tree, folder, 'node_modules')
    if (own.size === 0) await link(modules, place)
    else missing.push(...(await linkEach({ root, tree, modules, place, own })))
  }
  return missing
}

/** The entries of a `node_modules` that lead into the project itself, each with where it leads. */
async function findOwn(root: string, modules: string): Promise<Map<string, string>> {
  const home = await realpath(root)
  const own = new Map<string, string>()
  for (const name of await namesIn(modules)) {
    const target = await realpath(join(modules, name)).catch(() => null)
    if (target === null || !target.startsWith(home + sep)) continue
    const path = relative(home, target)
    if (!path.split(sep).includes('node_modules')) own.set(name, path)
  }
  return own
}

/** Names of the installed packages that are links, scopes included. */
async function namesIn(modules: string, scope = ''): Promise<string[]> {
  const names: string[] = []
  for (const entry of await readdir(join(modules, scope), { withFileTypes: true })) {
    const name = scope === '' ? entry.name : `${scope}/${entry.name}`
    if (entry.isSymbolicLink()) names.push(name)
    else if (entry.isDirectory() && name.startsWith('@') && scope === '') names.push(...(await namesIn(modules, name)))
  }
  return names
}

interface Links {
  root: string
  tree: string
  modules: string
  place: string
  own: Map<string, string>
}

async function linkEach({ tree, modules, place, own }: Links): Promise<string[]> {
  const missing: string[] = []
  const scopes = new Set([...own.keys()].filter((name) => name.includes('/')).map((name) => dirname(name)))
  for (const scope of ['', ...scopes]) {
    for (const entry of await readdir(join(modules, scope))) {
      const name = scope === '' ? entry : `${scope}/${entry}`
      if (scopes.has(name)) continue
      const path = own.get(name)
      const target = path === undefined ? join(modules, name) : join(tree, path)
      if (!existsSync(target)) missing.push(name)
      else await link(target, join(place, name))
    }
  }
  return missing
}

/** Another trial may have been faster. */
async function link(target: string, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true })
  await symlink(target, place, 'junction').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
