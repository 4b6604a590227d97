import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { compileForReplays } from './compiled.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** What the compiler said; empty when the build passed. */
    buildError: string
  }
}

/**
 * Global set-up of the end-to-end tests: they run the built command, so it is built from the source under test.
 * A failure is handed on, not thrown: it fails every end-to-end file and lets the other projects give their result.
 */
export function setup(project: TestProject): void {
  const script = join(import.meta.dirname, '../../scripts/prepare.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  project.provide('buildError', status === 0 ? '' : `${stdout}${stderr}`)
  compileForReplays()
}
