import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Batch, BatchReply, Job } from './protocol.ts'

/** A peer in a process of its own. */
export interface Child {
  run(job: Job): Promise<Batch>
  stop(): void
}

/** Starts a process for one peer; `args` are for Node. */
export function startPeer(name: string, args: string[] = []): Child {
  const child = forkQuietly('peer.ts', [name], args)
  return {
    async run(job) {
      const reply = await request<BatchReply>(child, job)
      if ('failure' in reply) throw new Error(`${name}: ${reply.failure}`)
      return reply.batch
    },
    stop: () => child.disconnect(),
  }
}

/** Starts the loopback server; gives its origin. */
export async function startLoopback(): Promise<{ origin: string; stop(): void }> {
  const child = forkQuietly('loopback.ts', [], [])
  const { origin } = await request<{ origin: string }>(child, 'listen')
  return { origin, stop: () => child.disconnect() }
}

function forkQuietly(file: string, args: string[], execArgv: string[]): ChildProcess {
  return fork(join(import.meta.dirname, '..', file), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', ...execArgv],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

function request<Reply>(child: ChildProcess, message: object | string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a peer ended with exit code ${code}`))
    child.once('exit', onExit)
    child.once('message', (reply: Reply) => {
      child.off('exit', onExit)
      resolve(reply)
    })
    child.send(message)
  })
}
