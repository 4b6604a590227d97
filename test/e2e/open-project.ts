import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CandidateReport, ScenarioReport } from '../../src/model/verdict.ts'
import { fillCache } from '../support/compiled.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURES = join(import.meta.dirname, 'fixtures')

/** What agents may import: the SDKs, and retrial as its dependents see it. */
const INSTALLED = ['openai', '@anthropic-ai/sdk']

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** What `retrial verify` said. */
export interface Verified {
  code: number | null
  reports: ScenarioReport[]
  /** Verdict of each candidate, by its id. */
  verdicts: Record<string, string>
  /** The one candidate of that id. */
  candidate(id: string): CandidateReport
}

/** A project of a user, in a folder of its own, with retrial installed. */
export interface Project {
  folder: string
  path(name: string): string
  write(name: string, text: string): void
  read(name: string): string
  /** Copies a fixture, with some texts replaced. */
  copy(fixture: string, name: string, ...changes: (readonly [from: string, to: string])[]): void
  /** Runs a program in the folder, with no variables but these and the bare needs of a process. */
  run(program: string, args: readonly string[], env?: Record<string, string>): Promise<Ended>
  /** Runs `retrial`. */
  retrial(args: readonly string[], env?: Record<string, string>): Promise<Ended>
  /** Runs `retrial verify --json`. */
  verify(args?: readonly string[], env?: Record<string, string>): Promise<Verified>
}

/** Opens a project for the test that runs; it is gone afterwards. */
export function openProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = (name: string): string => join(folder, name)
  const link = (target: string, name: string): void => {
    mkdirSync(dirname(path(name)), { recursive: true })
    symlinkSync(target, path(name), 'junction')
  }
  for (const name of INSTALLED) link(join(ROOT, 'node_modules', name), `node_modules/${name}`)
  link(ROOT, 'node_modules/retrial')
  const project: Project = {
    folder,
    path,
    write(name, text) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), text)
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    copy(fixture, name, ...changes) {
      let text = readFileSync(join(FIXTURES, fixture), 'utf8')
      for (const [from, to] of changes) {
        if (!text.includes(from)) throw new Error(`${fixture} holds no ${from}`)
        text = text.replace(from, () => to)
      }
      project.write(name, text)
    },
    run: (program, args, env = {}) => runIn(folder, program, args, env),
    retrial: (args, env) => project.run(process.execPath, [path('node_modules/retrial/bin/retrial.js'), ...args], env),
    async verify(args = [], env) {
      const { code, stdout, stderr } = await project.retrial(['verify', '--json', ...args], env)
      if (!stdout.startsWith('{')) throw new Error(`retrial verify printed no JSON: ${stdout}${stderr}`)
      const reports = (JSON.parse(stdout) as { scenarios: ScenarioReport[] }).scenarios
      const candidates = reports.flatMap((report) => report.candidates)
      const candidate = (id: string): CandidateReport => {
        const found = candidates.find((one) => one.id === id)
        if (found === undefined) throw new Error(`there is no candidate ${id}: ${stdout}`)
        return found
      }
      const verdicts = Object.fromEntries(candidates.map(({ id, verdict }) => [id, verdict]))
      return { code, reports, verdicts, candidate }
    },
  }
  project.write('package.json', '{ "type": "module" }\n')
  fillCache(path('.retrial'))
  return project
}

function runIn(cwd: string, program: string, args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const { PATH = '', HOME = '', TMPDIR = tmpdir() } = process.env
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, args, { cwd, env: { PATH, HOME, TMPDIR, ...env } })
    const [out, err] = [child.stdout, child.stderr].map((stream) => {
      const parts: Buffer[] = []
      stream?.on('data', (part: Buffer) => parts.push(part))
      return parts
    }) as [Buffer[], Buffer[]]
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }),
    )
  })
}
