import { z } from 'zod'
import { STEP_TYPES } from './trace.ts'

const atLeast = z.int().min(1).default(1)

/** `step_type:name`, e.g. `tool_call:search_docs`; `step_type` alone means any name. */
const spanSelectorSchema = z
  .string()
  .regex(
    new RegExp(`^(${STEP_TYPES.join('|')})(:.+)?$`),
    `must be <step_type>[:<name>], step_type one of ${STEP_TYPES.join(', ')}`,
  )

/** Spans that match all that is given, at least so many of them. */
const spanCountSchema = z.strictObject({
  span: spanSelectorSchema,
  /** Only spans with this error class; `any` for any error. */
  error_class: z.string().optional(),
  /** Only calls of tools whose arguments (canonical JSON) match this regular expression. */
  arguments: z.strictObject({ matches: z.string() }).optional(),
  /** Only spans whose result (tool result, answer text or response body) matches this regular expression. */
  result: z.strictObject({ matches: z.string() }).optional(),
  at_least: atLeast,
})

/** What the world did. */
export const triggerSchema = spanCountSchema
export type Trigger = z.infer<typeof triggerSchema>

/** Signals that count something and can be compared with `at_least`. */
export const COUNT_SIGNALS = [
  'repeated_tool_calls',
  'repeated_same_result',
  'retries',
  'error_classes',
  'truncated_answers',
  'malformed_tool_arguments',
  'unknown_tools',
  'loop_length',
  'steps',
  'llm_calls',
  'tool_calls',
  'input_tokens',
  'output_tokens',
  'context_growth',
  'run_latency_ms',
] as const

const countMatchSchema = z.strictObject({
  signal: z.enum(COUNT_SIGNALS),
  /** For the signals that count per tool: which one. Without it, the sum over all. */
  tool: z.string().optional(),
  /** For `retries` and `error_classes`: which span name or class. */
  of: z.string().optional(),
  at_least: z.number(),
})

const valueMatchSchema = z.strictObject({
  signal: z.enum(['stop_reason', 'error_class']),
  is: z.union([z.string(), z.array(z.string()).min(1)]),
})

const firstErrorMatchSchema = z.strictObject({
  signal: z.literal('first_error_span'),
  span: spanSelectorSchema,
})

const textCheckSchema = z.strictObject({
  /** Regular expression that the output (as text; JSON for anything else) must match. */
  matches: z.string().optional(),
  not_matches: z.string().optional(),
})

/** True of an output that matches `matches` and does not match `not_matches`, as far as they are given. */
const outputMatchSchema = z.strictObject({ output: textCheckSchema })

/** A statement about a run: what the agent did wrong (cause) or how it ended (symptom). */
const roleSchema = z.union([
  countMatchSchema,
  valueMatchSchema,
  firstErrorMatchSchema,
  spanCountSchema,
  outputMatchSchema,
])
export type Role = z.infer<typeof roleSchema>

/** The three roles of an incident, proposed by the tool and reviewed by a person. */
export const incidentSchema = z.strictObject({ trigger: triggerSchema, cause: roleSchema, symptom: roleSchema })
export type Incident = z.infer<typeof incidentSchema>

/** What a good run looks like, beyond cause and symptom being gone. */
export const expectationsSchema = z.strictObject({
  stop_reason: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  output: textCheckSchema.optional(),
  /** Tools that must be called, in this order; others may come between. */
  tools: z.array(z.string()).optional(),
  /** Tools that must not be called. */
  tools_never: z.array(z.string()).optional(),
  max_steps: z.int().min(0).optional(),
  max_llm_calls: z.int().min(0).optional(),
  max_tool_calls: z.int().min(0).optional(),
  /** Virtual time from start to end, ms. */
  max_latency_ms: z.number().min(0).optional(),
  max_tokens: z.int().min(0).optional(),
})
export type Expectations = z.infer<typeof expectationsSchema>
