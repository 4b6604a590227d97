/**
 * Loaded into a process by `retrial record`, before the agent: records the whole life of the process as one run.
 * The agent's source is untouched, and nothing that goes wrong in here reaches it.
 */

import { existsSync } from 'node:fs'
import { armObserving } from '../boundary/arm.ts'
import { setAmbientTape, type Tape } from '../boundary/tape.ts'
import { machineClock } from '../core/clock.ts'
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
      const context = JSON.parse(text) as RecordContext & { out: string }
      session = openSession({ ...context, out: freePath(context.out, context.overwrite === true) }, startedAt, draws)
    } catch (error) {
      session = null
      process.stderr.write(`retrial: this run is not recorded: ${String((error as Error)?.message ?? error)}\n`)
    }
    return session
  }
  const nobody = { head: doNothing, chunk: doNothing, complete: doNothing, aborted: doNothing, failed: doNothing }
  const tape: Tape = {
    mode: 'observe',
    draws,
    http: (ask, parent) => begin()?.tape.http(ask, parent) ?? { kind: 'proceed', observer: nobody },
    call: (ask, parent) =>
      begin()?.tape.call(ask, parent) ?? {
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
    session?.finish(failed ?? { output: parseOutput(stdout) })
  })
}

const OUTPUT_KEPT = 65_536

/** Keeps a copy of what the process prints: the output of an agent that is a command. */
function keepPrinted(printed: string[]): void {
  const write = process.stdout.write
  let size = 0
  process.stdout.write = function (this: NodeJS.WriteStream, ...args: unknown[]): boolean {
    try {
      const text = typeof args[0] === 'string' ? args[0] : Buffer.from(args[0] as Uint8Array).toString('utf8')
      printed.push(text)
      size += text.length
      while (size > 2 * OUTPUT_KEPT && printed.length > 1) size -= printed.shift()?.length ?? 0
    } catch {
      // The agent's own error, if it is one, comes from the call below.
    }
    return (write as (...all: unknown[]) => boolean).apply(this, args)
  } as typeof process.stdout.write
}

/** Output that is JSON is kept as JSON, so that its stop reason can be read. */
function parseOutput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.trim()
  }
}

/** A further process of the same command gets a file of its own. */
function freePath(out: string, overwrite: boolean): string {
  const taken = existsSync(`${out}.part`) || (existsSync(out) && !overwrite)
  return taken ? out.replace(/(\.jsonl)?$/, `.p${process.pid}.jsonl`) : out
}
