import type { ScenarioPath } from './scenario.ts'

/** A mistake in a scenario, before it is known where in the file its path stands. */
export interface Finding {
  code: string
  message: string
  hint: string
  path: ScenarioPath
  /** The key is to blame, not its value. */
  atKey?: boolean
}

/** A mistake that was found at a place of the text rather than at a path. */
export interface PlacedFinding extends Finding {
  offset: number
}
