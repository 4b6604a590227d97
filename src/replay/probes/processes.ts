import childProcess from 'node:child_process'
import cluster from 'node:cluster'
import { EventEmitter } from 'node:events'
import module from 'node:module'
import os from 'node:os'
import { pathToFileURL } from 'node:url'
import workerThreads, { Worker } from 'node:worker_threads'
import { call, type Probe, type ProbeTarget, settled } from './probe.ts'

const node = process.execPath
const bare = { env: {}, execArgv: [] }

/** Other processes and threads: each would have a world of its own, without guard and clock. */
export const PROCESSES: readonly Probe[] = [
  { name: 'child_process.spawn', run: ({ tcp }) => settled(childProcess.spawn(node, ['-e', call(tcp)])) },
  {
    name: 'spawn with NODE_OPTIONS',
    run: ({ script }) =>
      settled(childProcess.spawn(node, ['-e', ''], { env: { ...process.env, NODE_OPTIONS: `--require=${script}` } })),
  },
  { name: 'child_process.exec', run: ({ script }) => settled(childProcess.exec(`"${node}" "${script}"`)) },
  { name: 'child_process.execFile', run: ({ script }) => settled(childProcess.execFile(node, [script])) },
  { name: 'child_process.fork', run: ({ script }) => settled(childProcess.fork(script, bare)) },
  { name: 'child_process.spawnSync', run: ({ script }) => refusal(childProcess.spawnSync(node, [script])) },
  { name: 'child_process.execSync', run: ({ script }) => childProcess.execSync(`"${node}" "${script}"`) },
  { name: 'child_process.execFileSync', run: ({ script }) => childProcess.execFileSync(node, [script]) },
  {
    name: 'a ChildProcess of its own',
    run: ({ script }) => {
      const { ChildProcess } = childProcess as unknown as { ChildProcess: new () => Spawner }
      const child = new ChildProcess()
      child.spawn({ file: node, args: [node, script], stdio: 'ignore' })
      return settled(child)
    },
  },
  {
    name: 'cluster.fork',
    run: ({ script }) => {
      cluster.setupPrimary({ exec: script, args: [], execArgv: [] })
      return settled(cluster.fork())
    },
  },
  {
    name: 'process.execve',
    alone: true,
    isThere: () => typeof execve() === 'function',
    run: ({ script }) => execve()?.call(process, node, [node, script], {}),
  },
  { name: 'Worker', run: ({ tcp }) => settled(new Worker(call(tcp), { eval: true })) },
  {
    name: 'Worker without options of Node',
    run: ({ tcp }) => settled(new Worker(call(tcp), { eval: true, execArgv: [], env: {} })),
  },
  {
    name: 'the prototype of Worker',
    run: ({ tcp }) => {
      const original = Object.getPrototypeOf(workerThreads.Worker) as unknown
      const Base = (original === EventEmitter ? workerThreads.Worker : original) as typeof Worker
      return settled(new Base(call(tcp), { eval: true }))
    },
  },
  {
    name: 'the constructor of Worker.prototype',
    run: ({ tcp }) => {
      const { constructor: Found } = workerThreads.Worker.prototype as unknown as { constructor: typeof Worker }
      return settled(new Found(call(tcp), { eval: true }))
    },
  },
  {
    name: 'module.register',
    alone: true,
    run: async ({ script }) => {
      const hooks = `import ${JSON.stringify(pathToFileURL(script).href)}`
      module.register(`data:text/javascript,${encodeURIComponent(hooks)}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    },
  },
  { name: 'node:test run', run: runTests },
  { name: 'process.kill of another process', run: () => process.kill(process.ppid, 0) },
  {
    name: 'os.setPriority of another process',
    run: () => {
      os.setPriority(process.ppid, os.getPriority(process.ppid))
      return true
    },
  },
]

interface Spawner extends EventEmitter {
  spawn(options: object): unknown
}

/** A refusal that is an answer. */
function refusal({ error }: { error?: Error | undefined }): void {
  if (error) throw error
}

function execve(): ((file: string, args: string[], env: object) => void) | undefined {
  return (process as { execve?: (file: string, args: string[], env: object) => void }).execve
}

async function runTests({ script }: ProbeTarget): Promise<void> {
  const { run } = await import('node:test')
  await new Promise<void>((resolve) => {
    const stream = run({ files: [script], timeout: 2_000 })
    for (const end of ['end', 'error', 'close']) stream.once(end, () => resolve())
    stream.resume()
    setTimeout(resolve, 3_000)
  })
}
