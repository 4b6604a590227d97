import { TELEMETRY_NOTE } from '../boundary/telemetry.ts'
import { isJsonObject } from '../core/json.ts'
import type { Trigger } from '../model/incident.ts'
import type { Interaction } from '../model/interaction.ts'
import type { Recording } from '../model/recording.ts'
import { STANDS_LONGER } from '../replay/mcp/standing-streams.ts'
import { countOf } from '../verify/reason-codes.ts'
import type { TriggerGround } from '../verify/roles/ground-trigger.ts'

/** The wrapped tools whose code did not run, as the recording answered in their place. */
export function assumeStandIns(interactions: readonly Interaction[]): string[] {
  const names = interactions.flatMap((one) => (one.kind === 'tool' && one.evidence !== undefined ? [one.name] : []))
  const tools = [...new Set(names)].sort()
  return tools.length === 0 ? [] : [`tools: the code of ${tools.join(', ')} did not run, so no change in it was tried`]
}

/** What is taken for granted where a replay was answered from beside its recording, or past its end: a line a source. */
export function assumeSupplements(interactions: readonly Interaction[]): string[] {
  const lines = new Map<string, number>()
  for (const { evidence } of interactions) {
    if (evidence === undefined) continue
    const { grade, source, note = '' } = evidence
    const from = source?.split('#')[0] ?? ''
    const line =
      grade === 'stub'
        ? `stub: ${note.replace(/^assumed: /, '')}`
        : grade === 'pooled'
          ? `pooled: answered from ${from}, another run`
          : grade === 'live'
            ? `live: a real system answered, once; pinned in ${from}`
            : note.includes(STANDS_LONGER)
              ? 'mcp: the server says nothing by itself after what was recorded of its stream'
              : null
    if (line !== null) lines.set(line, (lines.get(line) ?? 0) + 1)
  }
  return [...lines].map(([line, count]) => `${line} (${countOf(count, 'answer')})`)
}

/** What is taken for granted of telemetry: a line a host. */
export function assumeTelemetry(replayed: Recording | null): string[] {
  const told = (replayed?.notes ?? []).filter(({ code }) => code === TELEMETRY_NOTE)
  return told.flatMap(({ data }) => {
    const host = isJsonObject(data) ? data.host : undefined
    return typeof host === 'string' ? [`telemetry: what is told to ${host} arrives, and nobody reads the answer`] : []
  })
}

/** What is taken for granted where the trigger is the failure of a local function, which leaves nothing but what the model is told of it. */
export function assumeTold({ span }: Trigger, { calls, told }: TriggerGround): string[] {
  if (calls.size > 0 || told === 0) return []
  return [`${span}: the recording holds no call of it, so the trigger is what the agent tells the model`]
}
