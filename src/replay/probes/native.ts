import inspector from 'node:inspector'
import { join } from 'node:path'
import v8 from 'node:v8'
import { HOST, type Probe, type ProbeTarget } from './probe.ts'

/** What lies under JavaScript, or reaches under it. */
export const NATIVE: readonly Probe[] = [
  { name: 'process.binding tcp_wrap', run: ({ tcp }) => connectRaw('tcp_wrap', 'TCP', tcp) },
  { name: 'process.binding udp_wrap', run: sendRaw },
  { name: 'process.binding pipe_wrap', run: () => has('pipe_wrap', 'Pipe') },
  { name: 'process.binding spawn_sync', run: spawnRaw },
  { name: 'process.binding fs', run: () => has('fs', 'open') },
  {
    name: 'process._linkedBinding',
    run: () => typeof internals()._linkedBinding('tcp_wrap') === 'object',
  },
  {
    name: 'process.dlopen',
    run: ({ folder }) => loads(() => process.dlopen({ exports: {} }, join(folder, 'no.node'))),
  },
  {
    name: 'an extension of SQLite',
    isThere: () => database() !== undefined,
    run: ({ folder }) => {
      const opened = new (database() as Database)(':memory:', { allowExtension: true })
      return loads(() => opened.loadExtension(join(folder, 'no.so')))
    },
  },
  {
    name: 'inspector.Session',
    run: () => {
      const session = new inspector.Session()
      session.connect()
      session.disconnect()
      return true
    },
  },
  {
    name: 'inspector/promises Session',
    run: async () => {
      const { Session } = await import('node:inspector/promises')
      const session = new Session()
      session.connect()
      session.disconnect()
      return true
    },
  },
  {
    name: 'process._debugProcess',
    // Of nobody: the system says so, if it is asked.
    run: () => loads(() => internals()._debugProcess(NOBODY)),
  },
  {
    name: 'WASI',
    run: async ({ folder }) => {
      const { WASI } = await import('node:wasi')
      return new WASI({ version: 'preview1', preopens: { '/': folder } }) !== undefined
    },
  },
  { name: 'process.report', run: ({ folder }) => process.report.writeReport(join(folder, 'report.json')) },
  { name: 'v8.writeHeapSnapshot', run: ({ folder }) => v8.writeHeapSnapshot(join(folder, 'heap')) },
  { name: 'v8.setFlagsFromString', run: traceTheEngine },
  {
    name: 'a trace of events',
    run: async ({ folder }) => {
      const { createTracing } = await import('node:trace_events')
      const { cwd, chdir } = process
      const before = cwd()
      chdir(folder)
      const tracing = createTracing({ categories: ['v8'] })
      tracing.enable()
      tracing.disable()
      chdir(before)
      return true
    },
  },
  {
    name: 'a SQLite database',
    isThere: () => database() !== undefined,
    run: ({ folder }) => new (database() as Database)(join(folder, 'a.db')).exec('CREATE TABLE a (b)'),
  },
  {
    name: 'ATTACH of SQLite',
    isThere: () => database() !== undefined,
    run: ({ folder }) =>
      new (database() as Database)(':memory:').exec(`ATTACH '${join(folder, 'b.db')}' AS b; CREATE TABLE b.a (b)`),
  },
  {
    name: 'VACUUM INTO of SQLite',
    isThere: () => database() !== undefined,
    run: ({ folder }) => new (database() as Database)(':memory:').exec(`VACUUM INTO '${join(folder, 'c.db')}'`),
  },
]

interface Internals {
  binding(name: string): Record<string, unknown>
  _linkedBinding(name: string): unknown
  _debugProcess(pid: number): void
}

type Database = new (file: string, options?: object) => { exec(sql: string): void; loadExtension(file: string): void }

function internals(): Internals {
  return process as unknown as Internals
}

function database(): Database | undefined {
  const { emitWarning } = process
  // Some Node lines warn of it.
  process.emitWarning = () => undefined
  try {
    return (process.getBuiltinModule('node:sqlite') as unknown as { DatabaseSync: Database } | undefined)?.DatabaseSync
  } finally {
    process.emitWarning = emitWarning
  }
}

function has(binding: string, name: string): boolean {
  return typeof internals().binding(binding)[name] === 'function'
}

/** The number of no process. */
const NOBODY = 4_194_300

/** Whether the system was asked: then it says that there is no such thing. */
function loads(load: () => void): boolean {
  try {
    load()
  } catch (error) {
    if (
      /cannot open shared object|no such file|image not found|specified module|ESRCH|no such process/i.test(
        String(error),
      )
    )
      return true
    throw error
  }
  return true
}

function connectRaw(binding: string, name: string, port: number): Promise<unknown> {
  const wrap = internals().binding(binding) as Record<string, new (type?: number) => Record<string, Raw>>
  const { [name]: Handle, TCPConnectWrap: Request } = wrap
  if (Handle === undefined || Request === undefined) throw new Error('the binding is empty')
  const handle = new Handle(0)
  const code = handle.connect?.(new Request(), HOST, port)
  if (Number(code) < 0) throw new Error(`refused with ${String(code)}`)
  return new Promise((resolve) => setTimeout(resolve, 200))
}

type Raw = (...args: unknown[]) => unknown

function sendRaw({ udp }: ProbeTarget): Promise<unknown> {
  const { UDP, SendWrap } = internals().binding('udp_wrap') as Record<string, new () => Record<string, Raw>>
  if (UDP === undefined || SendWrap === undefined) throw new Error('the binding is empty')
  const handle = new UDP()
  const code = handle.send?.(new SendWrap(), [Buffer.from('x')], 1, udp, HOST, false)
  if (Number(code) < 0) throw new Error(`refused with ${String(code)}`)
  return new Promise((resolve) => setTimeout(resolve, 200))
}

function spawnRaw({ script }: ProbeTarget): void {
  const { spawn } = internals().binding('spawn_sync') as { spawn: Raw }
  const stdio = [{ type: 'pipe', readable: true, writable: false }]
  spawn({ file: process.execPath, args: [process.execPath, script], envPairs: [], stdio })
}

/** The engine can be told to write down what it does, wherever it is told to. */
function traceTheEngine({ folder }: ProbeTarget): void {
  v8.setFlagsFromString(`--trace-turbo-path=${folder}`)
  v8.setFlagsFromString('--trace-turbo')
  const add = (count: number): number => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += i
    return sum
  }
  // Often enough to be compiled, which is what is written down.
  for (let i = 0; i < 500; i++) add(10_000)
  v8.setFlagsFromString('--no-trace-turbo')
}
