import { currentContext } from '../tape.ts'

/** Tells the tape of the code that runs that it uses a protocol which is not watched. */
export function tellUnwatched(protocol: string, host: string): void {
  try {
    currentContext()?.tape.unwatched?.(protocol, host)
  } catch {
    // The recorder's trouble is not the agent's.
  }
}
