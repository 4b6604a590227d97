import { RetrialError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { JsonValue } from '../../core/json.ts'
import { GEN_AI } from '../../model/gen-ai.ts'
import type { ImportOptions, ImportResult } from '../foreign-format.ts'
import { arrangeSteps } from './arrange-steps.ts'
import { buildImport } from './build-import.ts'
import { type Message, textOf } from './message.ts'
import { recoverTools } from './recover-tools.ts'
import { saidIn } from './said.ts'
import type { ForeignRun, Step } from './step.ts'

/** Spans of one run, as a format gives them. */
export interface SpanGroup {
  source_id: string
  spans: Step[]
  /** What the format tells of the run as a whole. */
  about?: Omit<Partial<ForeignRun>, 'steps' | 'source_id'> | undefined
}

/**
 * Makes an import of each group of spans that holds a step of an agent.
 *
 * @throws RetrialError `ERR_INTERCHANGE_NO_STEPS` when none does
 */
export function importSpans(
  groups: readonly SpanGroup[],
  format: string,
  text: string,
  options: ImportOptions,
): ImportResult[] {
  const found = groups.flatMap((group) => {
    const arranged = arrangeSteps(group.spans)
    const { steps, recovered } = recoverTools(arranged.steps)
    return steps.length === 0 ? [] : [{ run: describe(group, steps, arranged.agents), arranged, recovered }]
  })
  if (found.length === 0) throw noSteps(format, options.path, groups)
  const digest = sha256(text)
  return found.map(({ run, arranged, recovered }) => {
    const { left_out, left_out_errors } = arranged
    const source = { format, digest, left_out, left_out_errors, recovered, runs: found.length }
    return buildImport(run, source, options)
  })
}

function describe({ source_id, about }: SpanGroup, steps: Step[], agents: Step[]): ForeignRun {
  const named = agents.filter(({ attributes }) => attributes[GEN_AI.agentName] !== undefined)
  const outer = agents[0]
  const told = (key: 'release' | 'workflow') => [...agents, ...steps].find((step) => step[key] !== undefined)?.[key]
  const failed = agents.filter(({ error }) => error !== null)
  const first = steps.find(({ input }) => input !== undefined)?.input
  const agent = named[0]?.attributes[GEN_AI.agentName]
  const ended = agents.map(({ ended_ms }) => ended_ms).filter((time) => time !== null)
  return {
    source_id,
    steps,
    release: told('release'),
    workflow: told('workflow') ?? (typeof agent === 'string' ? agent : undefined),
    agent: typeof agent === 'string' ? agent : undefined,
    input:
      saidIn(outer?.called_with, 'input') ??
      said(outer?.input) ??
      said(first?.filter(({ role }) => role === 'user').slice(0, 1)),
    output: saidIn(outer?.returned, 'output') ?? said(outer?.output),
    ...(failed.length > 0 && { stop_reason: 'error' }),
    started_ms: outer?.started_ms ?? undefined,
    ...(ended.length > 0 && { ended_ms: Math.max(...ended) }),
    ...about,
  }
}

function said(messages: readonly Message[] | undefined): JsonValue | undefined {
  const text = messages
    ?.map(textOf)
    .filter((one) => one !== '')
    .join('\n')
  return text === '' ? undefined : text
}

function noSteps(format: string, path: string, groups: readonly SpanGroup[]): RetrialError {
  const count = groups.reduce((sum, { spans }) => sum + spans.length, 0)
  return new RetrialError(
    'ERR_INTERCHANGE_NO_STEPS',
    `Failed to import the file as ${format}: it holds no model call, no tool call and no HTTP request (spans: ${count})`,
    {
      hint: 'Export the trace of an agent, with attributes of the GenAI conventions or OpenInference on its spans.',
      location: { path },
    },
  )
}
