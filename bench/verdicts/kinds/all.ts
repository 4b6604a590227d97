import { budgetOverrun } from './budget-overrun.ts'
import { duplicateEffect } from './duplicate-effect.ts'
import { errorInStream } from './error-in-stream.ts'
import type { Kind } from './kind.ts'
import { malformedArguments } from './malformed-arguments.ts'
import { missingStop } from './missing-stop.ts'
import { parallelRace } from './parallel-race.ts'
import { searchLoop } from './search-loop.ts'
import { staleCache } from './stale-cache.ts'
import { swallowedException } from './swallowed-exception.ts'
import { timeoutStorm } from './timeout-storm.ts'
import { truncatedAnswer } from './truncated-answer.ts'
import { unboundedHistory } from './unbounded-history.ts'
import { wrongRetry } from './wrong-retry.ts'
import { wrongTool } from './wrong-tool.ts'

/** Every kind of the benchmark. */
export const KINDS: readonly Kind[] = [
  timeoutStorm,
  searchLoop,
  duplicateEffect,
  malformedArguments,
  swallowedException,
  staleCache,
  wrongTool,
  truncatedAnswer,
  parallelRace,
  unboundedHistory,
  wrongRetry,
  missingStop,
  budgetOverrun,
  errorInStream,
]

/** The kind of that id. */
export function kindOf(id: string): Kind {
  const kind = KINDS.find((one) => one.id === id)
  if (!kind) throw new Error(`There is no kind ${id}`)
  return kind
}
