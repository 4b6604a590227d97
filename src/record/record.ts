import { runInContext } from '../boundary/tape.ts'
import { openSession, type RecordContext } from './open-session.ts'

/**
 * Runs `fn` and records all that crosses between it and the world: HTTP of any client, wrapped tools and models. What `fn`
 * gives or throws is passed on untouched. Several runs may record at once in one process, each into its own file.
 *
 * Clients of npm `undici` that were built before this module was loaded are not seen; load it first, or use
 * `retrial record -- node agent.ts`.
 *
 * @returns What `fn` returned.
 * @throws What `fn` threw; and, before `fn` is called, ERR_RECORDING_EXISTS, ERR_RECORDING_UNWRITABLE or ERR_RECORD_SALT.
 * @example
 * const answer = await record({ run_id: 'run_9fd2', release: '2.4.1', input }, () => runAgent(input))
 */
export async function record<T>(context: RecordContext, fn: () => T | Promise<T>): Promise<T> {
  const session = openSession(context)
  let output: T
  try {
    output = await runInContext({ tape: session.tape }, fn)
  } catch (error) {
    warn(session.path, session.finish({ error }))
    throw error
  }
  warn(session.path, session.finish({ output }))
  return output
}

function warn(path: string, failure: string | null): void {
  if (failure !== null)
    process.emitWarning(`The recording ${path} is incomplete: ${failure}`, { code: 'RETRIAL_INCOMPLETE' })
}
