/**
 * Loaded into a process by `retrial record`, before the agent: records the whole life of the process as one run.
 * The agent's source is untouched, and nothing that goes wrong in here reaches it.
 */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { armObserving } from '../boundary/arm.ts'
import { setAmbientTape, type Tape } from '../boundary/tape.ts'
import { NOBODY } from '../boundary/telemetry.ts'
import { machineClock } from '../core/clock.ts'
import { isRetrialError } from '../core/errors.ts'
import { doNothing } from '../core/nothing.ts'
import { DrawLog } from '../recording/draw-log.ts'
import { openSession, type RecordContext, type RecordingSession } from './open-session.ts'

const settings = process.env.RETRIAL_RECORD
if (settings !== undefined) recordProcess(settings)

function recordProcess(text: string): void {
  let session: RecordingSession | null | undefined
  const printed: string[] = []
  let thrown: { error: unknown } | null = null
  const startedAt = machineClock.now()
  const draws = new DrawLog('process')

  /** Begun with the first call: processes of a pipeline that call nobody leave no recording. */
  const begin = (): RecordingSession | null => {
    if (session !== undefined) return session
    try {
      session = openFree(JSON.parse(text) as RecordContext & { out: string }, startedAt, draws)
    } catch (error) {
      session = null
      say(`this run is not recorded: ${String((error as Error)?.message ?? error)}`)
    }
    return session
  }
  const tape: Tape = {
    mode: 'observe',
    draws,
    http: (ask, within) => begin()?.tape.http(ask, within) ?? { kind: 'proceed', observer: NOBODY },
    unwatched: (protocol, host) => begin()?.tape.unwatched(protocol, host),
    call: (ask, within) =>
      begin()?.tape.call(ask, within) ?? {
        kind: 'proceed',
        observer: { id: '', returned: doNothing, threw: doNothing },
      },
  }
  armObserving()
  setAmbientTape(tape)
  keepPrinted(printed)
  process.on('uncaughtExceptionMonitor', (error) => {
    thrown ??= { error }
  })
  process.on('exit', (code) => {
    const stdout = printed.join('').slice(-OUTPUT_KEPT)
    const failed = thrown ?? (code === 0 ? null : { error: new Error(`the process ended with exit code ${code}`) })
    const failure = session?.finish(failed ?? { output: parseOutput(stdout) }) ?? null
    if (failure !== null) say(`the recording ${session?.path} is incomplete: ${failure}`)
  })
}

const OUTPUT_KEPT = 65_536

/** Keeps a copy of what the process prints: the output of an agent that is a command. */
function keepPrinted(printed: string[]): void {
  const write = process.stdout.write
  let size = 0
  process.stdout.write = function (this: NodeJS.WriteStream, ...args: unknown[]): boolean {
    try {
      const text = textOf(args[0]).slice(-OUTPUT_KEPT)
      printed.push(text)
      size += text.length
      if (size > 2 * OUTPUT_KEPT) {
        // All at once and seldom: taking the first out of thousands of pieces moves all the others.
        const end = printed.join('').slice(-OUTPUT_KEPT)
        printed.splice(0, printed.length, end)
        size = end.length
      }
    } catch {
      // The agent's own error, if it is one, comes from the call below.
    }
    return (write as (...all: unknown[]) => boolean).apply(this, args)
  } as typeof process.stdout.write
}

function textOf(chunk: unknown): string {
  if (typeof chunk === 'string') return chunk
  // Of each character at most four bytes: more than that need not be decoded.
  return Buffer.from((chunk as Uint8Array).subarray(-4 * OUTPUT_KEPT)).toString('utf8')
}

/** Output that is JSON is kept as JSON, so that its stop reason can be read. */
function parseOutput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.trim()
  }
}

/** A further process or worker of the same command gets a file of its own, whichever of them comes first. */
function openFree(context: RecordContext & { out: string }, startedAt: number, draws: DrawLog): RecordingSession {
  const { out } = context
  const other = (name: string): string => out.replace(/(\.jsonl)?$/, `.${name}.jsonl`)
  const own = `p${process.pid}`
  const open = (path: string): RecordingSession =>
    openSession({ ...context, out: path, overwrite: false }, startedAt, draws)
  for (const path of [out, other(own)]) {
    if (existsSync(path) || existsSync(`${path}.part`)) continue
    try {
      return open(path)
    } catch (error) {
      if (!isRetrialError(error) || error.code !== 'ERR_RECORDING_EXISTS') throw error
    }
  }
  return open(other(`${own}-${randomBytes(4).toString('hex')}`))
}

function say(text: string): void {
  process.stderr.write(`retrial: ${text}\n`)
}
