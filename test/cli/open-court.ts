import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fillCache } from '../support/compiled.ts'

const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/cli/main.ts')

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

interface RunOptions {
  env?: NodeJS.ProcessEnv
  onStart?: (child: ChildProcess) => void
}

/** A project of a user in a folder of its own, with a copy of the shipped suite. */
export interface Court {
  folder: string
  /** Runs the command in it, not at a terminal. */
  run(args: string[], options?: RunOptions): Promise<Ended>
  read(path: string): string
  write(path: string, content: string | Uint8Array): string
  /** Replaces the only place of a text in a file. */
  edit(path: string, from: string, to: string): void
  close(): void
}

export function openCourt(parts: string[] = ['scenarios', 'recordings', 'examples']): Court {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-court-'))
  for (const part of parts) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n')
  fillCache(join(folder, '.retrial'))
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
  const write = (path: string, content: string | Uint8Array): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
    return path
  }
  return {
    folder,
    run: (args, options) => run(folder, args, options),
    read,
    write,
    edit(path, from, to) {
      const parts = read(path).split(from)
      if (parts.length !== 2) throw new Error(`${path} holds ${JSON.stringify(from)} ${parts.length - 1} times`)
      write(path, parts.join(to))
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function run(cwd: string, args: string[], { env = {}, onStart }: RunOptions = {}): Promise<Ended> {
  const { NODE_OPTIONS: _, NO_COLOR: __, FORCE_COLOR: ___, CI: ____, ...clean } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...clean, ...env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    onStart?.(child)
  })
}

const AGENT = '../examples/support-agent/agent.ts#run'
export const FIXES = '../examples/support-agent/fixes/search-docs-retry-storm'

/** The retry storm as a scenario of one candidate, with other values where they are given. JSON is YAML. */
export function stormScenario(overrides: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: 'storm',
    title: 'search_docs degrades and the agent retries until its budget is gone',
    recording: '../recordings/run_9fd2.jsonl',
    agent: AGENT,
    baseline: AGENT,
    incident: {
      trigger: { span: 'tool_call:search_docs', error_class: 'timeout' },
      cause: { signal: 'repeated_tool_calls', tool: 'search_docs', at_least: 2 },
      symptom: { signal: 'stop_reason', is: 'tool_error' },
    },
    candidates: [{ id: 'fall-back', agent: `${FIXES}/fall-back.ts#run` }],
    verify: { expect: { stop_reason: 'completed', output: { matches: 'refund policy' } } },
    ...overrides,
  })
}

/** The codes of all errors that a text tells. */
export function codesIn(text: string): string[] {
  return [...new Set(text.match(/\bERR_[A-Z_]+\b/g) ?? [])].toSorted()
}
