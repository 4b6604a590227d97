import type { Policy } from '../agent/types.ts'
import type { Move, ToolReply, View } from '../world/script.ts'

/** The agent styles, one module each in `styles/`. */
export type Style = 'openai' | 'anthropic' | 'ai' | 'langgraph'

/**
 * What a fix really is, said by a person who knows agent and world:
 *
 * - `fixed`: it removes what the agent did wrong, and the run ends well;
 * - `masked`: only what is seen at the end is changed;
 * - `no-op`: nothing that matters is changed;
 * - `regressing`: it removes the incident and breaks something else;
 * - `bypass`: the situation that set off the incident never comes up, so nothing is known about it;
 * - `fragile`: it helps in a world as fast and in such an order as the recorded one, and in no other;
 * - `old-answer`: it asks the model something else, and the model would not say again what it said.
 */
export type Truth = 'fixed' | 'masked' | 'no-op' | 'regressing' | 'bypass' | 'fragile' | 'old-answer'

/** A change to the agent that is on trial. */
export interface Fix {
  id: string
  truth: Truth
  /** The argument for `truth`, in one sentence. */
  because: string
  /** What the fix changes of the unfixed agent. */
  policy: Partial<Policy>
  /** What is missing in the recording, for a true fix that it cannot prove. */
  unproved?: string
}

/**
 * What a tool answers.
 *
 * @param nth Which request to this tool it is, counted from 1.
 * @param asked How many requests another tool has had.
 * @param isRepeat Whether it bears the idempotency key of an earlier request, and so is not counted.
 */
type ToolScript = (
  args: Record<string, string>,
  nth: number,
  asked: (tool: string) => number,
  isRepeat: boolean,
) => ToolReply

/** A way in which agents go wrong: a world, an agent, and changes to that agent. */
export interface Kind {
  id: string
  title: string
  question: string
  styles: readonly Style[]
  world: {
    /** What the model does next, as long as it is asked what the unfixed agent asks. */
    model(view: View): Move
    /** What it does when system prompt, model or tools are others. @default says something that it invented */
    changedModel?: (view: View) => Move
    tools: Record<string, ToolScript>
  }
  incident: { trigger: object; cause: object; symptom: object }
  /** What the output of a good run matches, and what no output may match: regular expressions. */
  output: { matches: string; not_matches?: string }
  /** In which other worlds a fix is tried: `verify.perturb` of the scenario. @default none */
  perturb?: object
  unfixed: Policy
  fixes: readonly Fix[]
}
