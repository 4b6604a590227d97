import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { runInWorld, type WorldResult } from '../../boundary/run-world.ts'

const run = promisify(execFile)
const NATIVE = new URL('./fixtures/native.ts', import.meta.url).pathname

/** Runs an export of a fixture of this folder in the world of a replay. */
export function runFixture(fixture: string, name: string): Promise<WorldResult> {
  return runInWorld(`../../world/time/fixtures/${fixture}`, name)
}

/** Runs an export of a fixture as plain Node does, on the machine's own timers. */
export async function runNative(fixture: string, name: string): Promise<unknown> {
  const module = new URL(`./fixtures/${fixture}.ts`, import.meta.url).href
  const { stdout } = await run(process.execPath, [NATIVE, module, name])
  return JSON.parse(stdout)
}
