import { z } from 'zod'

// Written out here, and not taken from the sources: programs rely on these words.
const verdict = z.enum([
  'fixed',
  'masked',
  'refuted',
  'not_fixed',
  'bypassed',
  'not_reproduced',
  'regressed',
  'inconclusive',
  'error',
])
const grade = z.enum(['exact', 'renamed', 'ignored', 'pooled', 'stub', 'live', 'stale', 'beyond', 'none'])
const count = z.int().min(0)
const counts = z.record(z.string(), count)

const evidence = z.strictObject({
  coverage: z.number().min(0).max(1),
  grades: z.partialRecord(grade, count),
  worst: grade.nullable(),
  unused: z.array(z.string()),
  path: z.array(z.strictObject({ interaction: z.string(), grade, trigger: z.boolean().optional() })).optional(),
})

const span = z
  .looseObject({ span_id: z.string(), step_type: z.string(), name: z.string(), latency_ms: z.number() })
  .nullable()

const signals = z
  .strictObject({
    first_error_span: span,
    slowest_span: span,
    stop_reason: z.string(),
    error_class: z.string().nullable(),
    error_classes: counts,
    repeated_tool_calls: counts,
    repeated_same_result: counts,
    steps: count,
    llm_calls: count,
    tool_calls: count,
    tool_sequence: z.array(z.string()),
    input_tokens: count,
    output_tokens: count,
    retries: counts,
    loop_length: count,
    truncated_answers: count,
    malformed_tool_arguments: count,
    unknown_tools: count,
    context_growth: z.number(),
    error_cascade: z.strictObject({ first: z.string().nullable(), followed: count }),
    run_latency_ms: z.number().min(0),
  })
  .nullable()

const reasons = z.array(z.strictObject({ code: z.string(), message: z.string(), data: z.json().optional() })).min(1)

const role = z.strictObject({ present: z.boolean(), observed: z.string(), value: z.string() })
const findings = z.strictObject({ trigger: role, cause: role, symptom: role }).nullable()

const walls = z.array(z.enum(['guard', 'permission', 'namespace', 'bubblewrap']))

const fault = z.enum(['timeout', 'reset', '429', '429-retry-after', '500', 'slow', 'truncated'])

const world = z.strictObject({
  order: z.array(z.string()).optional(),
  latency: z.number().optional(),
  seed: z.string().optional(),
  started_at: z.number().optional(),
  time_zone: z.string().optional(),
  fault: z.strictObject({ kind: fault, at: z.array(z.string()).min(1) }).optional(),
})

const triedWorld = z.strictObject({
  name: z.string(),
  world,
  outcome: z.enum(['passed', 'failed', 'inconclusive']),
  reasons: z.array(z.strictObject({ code: z.string(), message: z.string(), data: z.json().optional() })),
})

const worlds = z.strictObject({
  tried: count,
  passed: count,
  failed: count,
  inconclusive: count,
  upper_bound: z.number().min(0).max(1).nullable(),
  confidence: z.number(),
  left_out: count,
  orders: count,
  skipped: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  list: z.array(triedWorld),
  counterexample: triedWorld
    .extend({ file: z.string(), recording: z.string().nullable(), command: z.string() })
    .nullable(),
})

const candidate = z.strictObject({
  id: z.string(),
  agent: z.string(),
  verdict,
  expect: verdict,
  gate: z.enum(['pass', 'fail', 'inconclusive']),
  evidence,
  assumptions: z.array(z.string()),
  findings,
  signals,
  reasons,
  divergences: z.array(z.looseObject({ step: count, kind: z.string(), remedies: z.array(z.string()).min(1) })),
  egress: z.array(z.strictObject({ layer: z.string(), target: z.string(), at: z.string().nullable() })),
  sources: z.array(z.strictObject({ name: z.string(), at: z.string().nullable(), settled: z.string().nullable() })),
  recording: z.string().nullable(),
  ways_out: z.array(z.strictObject({ kind: z.string(), text: z.string(), command: z.string() })),
  sampling: z.looseObject({}).optional(),
  isolation: walls,
  worlds: worlds.optional(),
  duration_ms: z.number(),
})

/** The document that `retrial verify --json` prints, with every key it may have. */
export const reportSchema = z.strictObject({
  retrial: z.string().regex(/^\d+\.\d+\.\d+/),
  summary: z.strictObject({
    exit_code: z.int(),
    duration_ms: z.number(),
    isolation: z.string().nullable(),
    scenarios: count,
    candidates: count,
    assumptions: count,
    verdicts: z.record(verdict, count),
    gates: z.strictObject({ pass: count, fail: count, inconclusive: count }),
  }),
  scenarios: z.array(
    z.strictObject({
      id: z.string(),
      file: z.string(),
      title: z.string(),
      seed: z.string(),
      seeded: z.boolean(),
      duration_ms: z.number(),
      baseline: z.strictObject({
        verdict: z.enum(['reproduced', 'not_reproduced', 'inconclusive', 'error']),
        agent: z.string(),
        evidence,
        findings,
        signals,
        reasons,
        recording: z.string().nullable(),
        isolation: walls,
      }),
      candidates: z.array(candidate),
    }),
  ),
  errors: z.array(
    z.strictObject({
      code: z.string().regex(/^ERR_[A-Z_]+$/),
      message: z.string(),
      hint: z.string().nullable(),
      file: z.string().nullable(),
      line: z.int().min(1).nullable(),
      column: z.int().min(1).nullable(),
    }),
  ),
})
export type Report = z.infer<typeof reportSchema>

/** Reads what was printed: exactly one document of the schema. */
export function readReport(stdout: string): Report {
  return reportSchema.parse(JSON.parse(stdout))
}

/** `scenario/candidate` → verdict and gate. */
export function verdictsOf({ scenarios }: Report): Record<string, string> {
  const entries = scenarios.flatMap(({ id, candidates }) =>
    candidates.map((one) => [`${id}/${one.id}`, `${one.verdict} ${one.gate}`]),
  )
  return Object.fromEntries(entries)
}
