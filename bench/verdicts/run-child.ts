import { spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** Half of the time of a short process is compiling. */
const COMPILED = join(ROOT, '.retrial', 'compiled')
const LIMIT_MS = 120_000

/** How a process ended. */
export interface Ended {
  /** Null when it had to be killed. */
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a script of this repository with Node. */
export function runChild(script: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, NODE_NO_WARNINGS: '1' },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    })
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const [stdout, stderr] = [out, err].map((parts) => Buffer.concat(parts).toString('utf8')) as [string, string]
      resolve({ code, stdout, stderr: signal === null ? stderr : `${stderr}ended by ${signal}` })
    })
  })
}
