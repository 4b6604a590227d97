import type { Recorded } from './exchange.ts'

/** One way of testing an agent without its world. */
export interface Peer {
  /**
   * Makes the world of the process: what is served from now on is what was recorded.
   *
   * @param snapshot The file that undici's agent has recorded of the same run.
   * @returns Environment variables of the agent.
   */
  serve(recorded: Recorded, snapshot: string): Record<string, string> | Promise<Record<string, string>>
}
