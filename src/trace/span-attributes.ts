import type { JsonValue } from '../core/json.ts'
import { GEN_AI, OTEL } from '../model/gen-ai.ts'
import type { SpanName } from '../model/interaction.ts'

const AGENT = 'invoke_agent '

/** Attributes that tell within which spans a call was made, outermost first (`plan`, `plan #2`), and the innermost agent among them. */
export function spanAttributes(spans: readonly SpanName[] | undefined): Record<string, JsonValue | undefined> {
  if (spans === undefined) return {}
  const agent = spans.findLast(({ name }) => name.startsWith(AGENT))
  return {
    [OTEL.spans]: spans.map(({ name, nth }) => (nth === undefined ? name : `${name} #${nth}`)),
    [GEN_AI.agentName]: agent?.name.slice(AGENT.length),
  }
}
