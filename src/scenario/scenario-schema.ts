import { z } from 'zod'
import { expectationsSchema, incidentSchema } from '../model/incident.ts'
import { VERDICTS } from '../model/verdict.ts'
import { perturbationSchema } from './perturbation.ts'
import {
  CLOCKS,
  DEFAULT_MAX_MEMORY_MB,
  ON_DIVERGENCE,
  PERMISSION_MODES,
  REQUIRED_EVIDENCE,
  SANDBOX_MODES,
  SEVERITIES,
  TOOL_CUTS,
} from './scenario.ts'

/** What the id of a scenario or candidate looks like. */
const ID_GRAMMAR = /^[a-z0-9][a-z0-9_-]{0,63}$/

const id = z
  .string()
  .regex(ID_GRAMMAR, 'must be 1 to 64 lower-case letters, digits, `-` or `_`, and begin with a letter or digit')
const oneLine = z
  .string()
  .min(1)
  .regex(/^\P{Cc}+$/u, 'must be one line without control characters')
const line = oneLine.max(200)
const path = oneLine.max(1000)
const env = z.record(z.string(), z.string()).meta({ description: 'Environment variables; quote numbers and booleans.' })
const onDivergence = z.enum(ON_DIVERGENCE)

const agentFields = {
  agent: path.optional().meta({ description: 'module#export, relative to this file.' }),
  git: line
    .optional()
    .meta({ description: 'Git revision that the agent is taken from; without it, the working tree.' }),
  params: z.record(z.string(), z.unknown()).optional().meta({ description: 'Second argument of the agent.' }),
  env: env.optional(),
}

const stubSchema = z
  .strictObject({
    assumption: line.meta({ description: 'What is taken for granted, in words: it stands in the verdict.' }),
    request: path.meta({ description: 'The question: `POST https://host/path`, `tool name` or `model name`.' }),
    contains: z.string().min(1).optional().meta({ description: 'Text that the question must hold.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')
      .optional()
      .meta({ description: 'Digest of the question: then it answers this one only.' }),
    after_ms: z.int().min(0).default(0).meta({ description: 'How long the answer takes, ms.' }),
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string(), z.string()).prefault({}),
    message: z.string().optional().meta({ description: 'What a model says, in the protocol in which it was asked.' }),
    tool_calls: z
      .array(z.strictObject({ name: oneLine, arguments: z.unknown() }))
      .optional()
      .meta({ description: 'The tools that a model calls.' }),
    json: z.unknown().optional().meta({ description: 'A JSON body, or what a wrapped function returns.' }),
    text: z.string().optional().meta({ description: 'A body as text.' }),
  })
  .meta({ description: 'An answer that is assumed: message and/or tool_calls, or json, or text.' })

const candidateSchema = z.strictObject({
  id: id.meta({ description: 'Unique among the candidates.' }),
  title: line.optional().meta({ description: 'Default: the id.' }),
  ...agentFields,
  expect: z.enum(VERDICTS).default('fixed').meta({ description: 'The verdict that the gate wants.' }),
  on_divergence: onDivergence.optional().meta({ description: 'Default: replay.on_divergence.' }),
})

const seed = z.union([z.int(), line]).transform(String)

const orderSchema = z.union([
  z.literal('recorded').transform(() => undefined),
  z.strictObject({ seed }),
  z.array(line).min(2),
])

/** How a source that no recording holds is named. */
const SOURCE = /^(file|env|random|os|tool|model|code|unwrapped|mcp):[^\s*].*$|^env:\*$/

const replaySchema = z.strictObject({
  volatile: z.array(z.string()).default([]).meta({
    description:
      'Fields of a request that may differ: JSON paths into the body ($.a.b), query.<name> or header.<name>.',
  }),
  on_divergence: onDivergence.default('fail').meta({
    description:
      'When the recording does not hold what the agent asks: fail, or serve a stale answer; stub and live say what is meant to hold it.',
  }),
  accept: z
    .array(
      oneLine
        .max(1000)
        .regex(
          SOURCE,
          'must be file:<path>, env:<name>, random:<call>, os:<call>, tool:<name>, model:<name> or code:<name>',
        ),
    )
    .default([])
    .meta({
      description:
        'What the agent looks at and the recording does not hold, accepted by name; * at the end for all that begin so.',
    }),
  env: env.prefault({}),
  tools: z.record(oneLine, z.enum(TOOL_CUTS)).default({}).meta({
    description:
      'Where the recording answers a wrapped tool, by name: at the tool, whose code does not run (the default), or inside it, where its code runs and its own calls are answered.',
  }),
  seed: seed
    .optional()
    .meta({ description: 'Draws all that is random from this seed; default: what the recorded run drew.' }),
  order: orderSchema.optional().meta({
    description:
      'In which order the answers of calls come that are in flight together: recorded (the default), { seed }, or ids of recorded calls.',
  }),
  clock: z.enum(CLOCKS).default('virtual').meta({
    description: 'Whether recorded waits pass at machine speed, or in real time on the clock of the machine.',
  }),
  permission: z.enum(PERMISSION_MODES).default('on').meta({
    description:
      "Whether Node's permission model is on; off for an agent that needs what it forbids and the guard allows.",
  }),
  addons: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether the agent may load native addons; only a sandbox holds what one does.' }),
  sandbox: z.enum(SANDBOX_MODES).default('auto').meta({
    description: 'A sandbox of the operating system around each replay: where there is one, always, or never.',
  }),
  scratch: path.optional().meta({
    description: 'Folder that the agent may write to, relative to this file, and that is kept; default: an empty one.',
  }),
  max_real_ms: z.int().min(1).max(3_600_000).default(30_000).meta({ description: 'Real-time budget of a replay, ms.' }),
  max_virtual_ms: z.int().min(1).default(86_400_000).meta({ description: 'Virtual-time budget of a replay, ms.' }),
  max_memory_mb: z
    .int()
    .min(64)
    .max(65_536)
    .default(DEFAULT_MAX_MEMORY_MB)
    .meta({ description: 'Budget of memory of a replay: its JavaScript objects, MB.' }),
})

const toleranceSchema = z
  .strictObject({
    latency_ratio: z.number().min(1).default(1.5),
    latency_ms: z.number().min(0).default(1000),
    tokens_ratio: z.number().min(1).default(1.5),
    steps: z.int().min(0).default(2),
  })
  .meta({ description: 'How much worse than the baseline is a regression.' })

const verifySchema = z.strictObject({
  required_evidence: z
    .enum(REQUIRED_EVIDENCE)
    .default('live')
    .meta({ description: 'Worst evidence grade that still supports the verdict fixed.' }),
  accept_bypass: z
    .boolean()
    .default(false)
    .meta({ description: 'True: a candidate that never meets the trigger may be fixed.' }),
  tolerance: toleranceSchema.prefault({}),
  expect: expectationsSchema
    .prefault({})
    .meta({ description: 'What a good run looks like, beyond cause and symptom being gone.' }),
  perturb: perturbationSchema
    .optional()
    .meta({ description: 'Other worlds in which a candidate that is fixed in the recorded one is tried.' }),
})

/** The scenario file as it is written: the one definition, from which the types and the JSON Schema come. */
export const scenarioFileSchema = z.strictObject({
  id: id.meta({ description: 'Unique among the scenarios of a suite.' }),
  title: line.meta({ description: 'One line for people.' }),
  severity: z.enum(SEVERITIES).optional(),
  owner: line.optional().meta({ description: 'Who to ask.' }),
  recording: path.meta({ description: 'The recording of the run that went wrong, relative to this file.' }),
  evidence: z
    .array(path)
    .default([])
    .meta({ description: 'Further recordings whose answers may be used, relative to this file; grade pooled.' }),
  stubs: z.array(stubSchema).default([]).meta({ description: 'Answers that are assumed; grade stub.' }),
  agent: path.optional().meta({ description: 'The code under test today: module#export, relative to this file.' }),
  baseline: z
    .union([line, z.strictObject(agentFields)])
    .optional()
    .meta({
      description: 'The unfixed agent: module#export, recorded, or { git, agent, params, env }. Default: agent.',
    }),
  input: z.unknown().optional().meta({ description: "Overrides the recording's input." }),
  incident: incidentSchema.meta({ description: 'Trigger, cause and symptom: the three roles, reviewed by a person.' }),
  replay: replaySchema.prefault({}),
  candidates: z.array(candidateSchema).default([]).meta({ description: 'The fixes on trial.' }),
  verify: verifySchema.prefault({}),
})

/** A scenario file after zod: defaults filled in, paths still as written. */
export type ScenarioFile = z.output<typeof scenarioFileSchema>

/** The JSON Schema (draft 7, which editors read) of a scenario file; `schemas/scenario.json` holds it. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioFileSchema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>
  return { ...schema, title: 'retrial scenario' }
}
