import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const LEFT_OUT = ['node_modules', 'dist', 'coverage', '.git', '.retrial']

/** Copies the repository, without what is installed or built, to a folder to do damage in. */
export function copyTree(): { folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-tree-'))
  cpSync(ROOT, folder, {
    recursive: true,
    filter: (path) => !LEFT_OUT.includes(relative(ROOT, path).split(sep)[0] ?? ''),
  })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
