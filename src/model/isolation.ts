import type { Wall } from './verdict.ts'

/** What became of one way out at one level. */
export interface ProbeOutcome {
  name: string
  /** Who was reached: `tcp`, `udp`, `unix`, `listen`, `file`, or `itself` by the probe's own account; none when nothing was. */
  contacts: string[]
  /** How often it was counted and named as an attempt, out of the agent's reach. */
  counted: number
  /** The places in the code that were named. */
  places: (string | null)[]
  /** What it says of itself: `missing`, `through`, `tried`, `silent`, or `refused: …`. */
  account: string
}

/** All ways out at one level. */
export interface LevelOutcome {
  /** The walls that were seen to stand; none: to see that the probes work. */
  walls: Wall[]
  /** Whether it is the level that a replay uses here. */
  used: boolean
  outcomes: ProbeOutcome[]
}

/** What keeps replays from the outside world on one machine, tried. */
export interface IsolationReport {
  node: string
  platform: string
  /** Number of the user; null where there is none. */
  user: number | null
  levels: LevelOutcome[]
  /** Names of the ways out, by what they go through. */
  groups: Record<string, string[]>
  /**
   * `holds`: nothing came through at the level that a replay uses, and each attempt was counted. `leaks`: something did, or
   * was not counted. `unproved`: not even without walls did anything come through.
   */
  finding: 'holds' | 'leaks' | 'unproved'
}
