import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { COMPILED } from '../support/compiled.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

interface CliOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  onStart?: (child: ChildProcess) => void
}

/** Path of a fixture of this folder. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** Runs a program to its end. */
export function run(program: string, args: string[], options: CliOptions = {}): Promise<Ended> {
  const { NODE_OPTIONS: _, ...clean } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...clean, NODE_COMPILE_CACHE: COMPILED, ...options.env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    options.onStart?.(child)
  })
}

/** Runs the command line of retrial from its sources. */
export function retrial(args: string[], options: CliOptions = {}): Promise<Ended> {
  return run(process.execPath, [MAIN, ...args], options)
}
