import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { EgressAttempt } from '../../src/model/verdict.ts'

const run = promisify(execFile)
const WORLD = new URL('./fixtures/world.ts', import.meta.url).pathname

export interface WorldResult {
  end: string
  value?: unknown
  error?: string
  elapsed: number
  attempts: EgressAttempt[]
  asks: string[]
}

/** Runs an export of a fixture in the world of a replay, in a process of its own. */
export async function runInWorld(fixture: string, name: string, env: NodeJS.ProcessEnv = {}): Promise<WorldResult> {
  const module = new URL(`./fixtures/${fixture}.ts`, import.meta.url).href
  const { stdout } = await run(process.execPath, [WORLD, module, name], {
    env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1', ...env },
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as WorldResult
}
