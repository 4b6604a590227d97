import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { RetrialError } from '../core/errors.ts'
import type { RecordContext } from '../record/open-session.ts'

const PRELOAD = new URL(`../record/preload.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a command with the recorder loaded into its Node processes. All that it prints is its own and goes through untouched, and so
 * do the signals that it is sent.
 *
 * @returns The exit code of the command; 128 and the number of the signal when one ended it, as shells say it.
 * @throws RetrialError ERR_CLI_COMMAND when it cannot be started.
 */
export async function runRecorded(command: string[], context: RecordContext): Promise<number> {
  const [file = '', ...args] = command
  const nodeOptions = `${process.env.NODE_OPTIONS ?? ''} --import=${PRELOAD}`.trim()
  const env = { ...process.env, NODE_OPTIONS: nodeOptions, RETRIAL_RECORD: JSON.stringify(context) }
  // The node of this process, so that an older one on the path does not run the recorder.
  const program = file === 'node' ? process.execPath : file
  const child = spawn(program, args, { stdio: 'inherit', env })
  const release = passSignalsOn((signal) => void child.kill(signal))
  try {
    return await new Promise((done, fail) => {
      child.once('error', (error) => {
        const options = { hint: 'Check the name of the command after --.', cause: error }
        fail(new RetrialError('ERR_CLI_COMMAND', `The command ${file} could not be started: ${error.message}`, options))
      })
      child.once('exit', (code, signal) => done(code ?? 128 + constants.signals[signal as NodeJS.Signals]))
    })
  } finally {
    release()
  }
}

/** Until released, signals end the command and not this process, which has to see to the recording afterwards. */
function passSignalsOn(send: (signal: NodeJS.Signals) => void): () => void {
  const released = PASSED_ON.map((signal) => {
    const others = process.listeners(signal)
    // Ctrl-C in a terminal reaches the command by itself; twice means something else to many programs.
    const listener = (): void => void (signal === 'SIGINT' && process.stdin.isTTY ? undefined : send(signal))
    process.removeAllListeners(signal)
    process.on(signal, listener)
    return () => {
      process.removeListener(signal, listener)
      for (const other of others) process.on(signal, other)
    }
  })
  return () => {
    for (const restore of released) restore()
  }
}
