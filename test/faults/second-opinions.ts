import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import pLimit from 'p-limit'
import type { HttpInteraction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { AgentInput } from './fixtures/agent.ts'
import type { Case } from './fixtures/clients/client.ts'
import type { OpinionMessage } from './fixtures/opinion.ts'
import type { Outcome } from './fixtures/outcome.ts'
import { type ClientName, childEnvironment } from './run-child.ts'

/** Libraries that can serve a recording too, and the clients that they see: npm undici goes past some. */
const WITHOUT_UNDICI: readonly ClientName[] = ['fetch', 'node:http', 'axios', 'got', 'openai', 'anthropic']
export const LIBRARIES = {
  'nock 14': WITHOUT_UNDICI,
  'nock 15': [...WITHOUT_UNDICI, 'undici fetch', 'undici request'],
  'msw 2': WITHOUT_UNDICI,
  'msw 3': WITHOUT_UNDICI,
} satisfies Record<string, readonly ClientName[]>
export type LibraryName = keyof typeof LIBRARIES
export const LIBRARY_NAMES = Object.keys(LIBRARIES) as LibraryName[]

/** What a client got of each case. */
export type Opinion = Record<string, Outcome[]>

const ENTRY = join(import.meta.dirname, 'fixtures', 'opinion.ts')

/** After so long without a word a process is taken to hang for good, ms. */
const SILENCE_MS = 20_000

/** What each library gives to each client, from the recording of the client's run. At most `atOnce` processes at a time. */
export async function askAll(
  recordings: ReadonlyMap<string, Recording>,
  atOnce: number,
): Promise<Map<LibraryName, Map<string, Opinion>>> {
  const limit = pLimit(atOnce)
  const asked = LIBRARY_NAMES.flatMap((library) =>
    (LIBRARIES[library] as readonly string[]).flatMap((client) => {
      const recording = recordings.get(client)
      if (recording === undefined) return []
      return [limit(async () => [library, client, await ask(library, client, recording)] as const)]
    }),
  )
  const opinions = new Map(LIBRARY_NAMES.map((library) => [library, new Map<string, Opinion>()]))
  for (const [library, client, opinion] of await Promise.all(asked)) opinions.get(library)?.set(client, opinion)
  return opinions
}

/** Goes through all cases; one that brings the process down or blocks it costs a new process, not the others. */
async function ask(library: LibraryName, client: string, recording: Recording): Promise<Opinion> {
  const interactions = recording.interactions as HttpInteraction[]
  const { cases } = recording.input as unknown as AgentInput
  const opinion: Opinion = {}
  let left: Case[] = cases
  while (left.length > 0) {
    const lost = await askSome(library, client, { cases: left, interactions }, opinion)
    const at = left.findIndex(({ fault }) => fault === lost?.fault)
    if (lost === null || at < 0) break
    opinion[lost.fault] = [{ error: lost.how }]
    left = left.slice(at + 1)
  }
  return opinion
}

/** The case that the process did not survive, and how; null when all have ended. */
function askSome(
  library: LibraryName,
  client: string,
  job: { cases: Case[]; interactions: HttpInteraction[] },
  opinion: Opinion,
): Promise<{ fault: string; how: 'hangs' | 'crashes' } | null> {
  const child: ChildProcess = fork(ENTRY, [library], {
    execArgv: ['--no-deprecation', '--disable-warning=MaxListenersExceededWarning'],
    env: childEnvironment(client),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let fault = job.cases[0]?.fault ?? ''
  let isBlocked = false
  const onSilence = (): void => {
    isBlocked = true
    child.kill('SIGKILL')
  }
  let silence = setTimeout(onSilence, SILENCE_MS)
  return new Promise((resolve) => {
    child.on('message', (message: OpinionMessage) => {
      clearTimeout(silence)
      silence = setTimeout(onSilence, SILENCE_MS)
      if ('ready' in message) child.send(job)
      if ('began' in message) fault = message.began
      if ('ended' in message) opinion[message.ended] = message.outcomes
    })
    child.once('exit', (code) => {
      clearTimeout(silence)
      resolve(code === 0 ? null : { fault, how: isBlocked ? 'hangs' : 'crashes' })
    })
  })
}
