import { z } from 'zod'

/** Who ran, where and when: the context that every signal is segmented by. */
export const runContextSchema = z.strictObject({
  run_id: z.string().min(1),
  trace_id: z.string().min(1),
  release: z.string().optional(),
  workflow: z.string().optional(),
  agent: z.string().optional(),
  /** Milliseconds since the epoch. All other times of a recording are offsets from it. */
  started_at: z.number(),
})
export type RunContext = z.infer<typeof runContextSchema>

/** What the run ran on, as far as a replay has to restore it. */
export const runtimeSchema = z.strictObject({
  node: z.string(),
  platform: z.string(),
  timezone: z.string().optional(),
  locale: z.string().optional(),
  /** The working folder, relative to that of the recording; only where the recording lay within it. */
  cwd: z.string().optional(),
  /** Environment variables that the agent may have read and that hold no secret. */
  env: z.record(z.string(), z.string()).optional(),
  /** Variables that held a secret, each with the token that stands for its value; a replay sets them to that. */
  secret_env: z.record(z.string(), z.string()).optional(),
})
export type Runtime = z.infer<typeof runtimeSchema>

/** How a run ended. */
export interface RunFinish {
  /** Offset from the start of the run, ms. */
  at_ms: number
  stop_reason: string
  output: unknown
  /** Set when the agent threw. */
  error: ErrorShape | null
}

/** An error as far as it can be kept: enough to build an equal one again. */
export const errorShapeSchema: z.ZodType<ErrorShape> = z.lazy(() =>
  z.strictObject({
    name: z.string(),
    message: z.string(),
    code: z.union([z.string(), z.number()]).optional(),
    errno: z.number().optional(),
    syscall: z.string().optional(),
    cause: errorShapeSchema.optional(),
  }),
)
export interface ErrorShape {
  name: string
  message: string
  code?: string | number | undefined
  errno?: number | undefined
  syscall?: string | undefined
  cause?: ErrorShape | undefined
}
