import type { Pace } from '../support/interleave.ts'

/** What every section is given. */
export interface SectionOptions {
  /** A folder for files, removed at the end. */
  dir: string
  /** Few rounds: a look, no measurement. */
  quick: boolean
}

/** How long a peer runs before it is measured, ms. */
function warmUpMs({ quick }: SectionOptions): number {
  return quick ? 300 : 1_500
}

/** As a replay runs: once, in a process that was just started. The first run of each peer, which loads it, does not count. */
export function asInReplay({ quick }: SectionOptions): Pace {
  return { rounds: quick ? 15 : 40, warmUpMs: 0, passes: 1 }
}

/** As in a long loop: everything compiled. */
export function warmedUp(options: SectionOptions): Pace {
  return { rounds: options.quick ? 5 : 15, warmUpMs: warmUpMs(options) }
}
