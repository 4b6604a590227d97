import { z } from 'zod'

/** What can go wrong at the trigger instead of what did. */
export const FAULT_VARIANTS = ['timeout', 'reset', '429', '429-retry-after', '500', 'slow', 'truncated'] as const
export type FaultVariant = (typeof FAULT_VARIANTS)[number]

/** How a world differs from the recorded one. What is missing is as it was recorded, or as the scenario says. */
export const worldSchema = z.strictObject({
  /** Ids of recorded calls in the order in which they are answered; the others keep their places. Empty: the recorded order. */
  order: z.array(z.string()).optional(),
  /** Every answer takes so many times as long. */
  latency: z.number().positive().optional(),
  /** What chance follows from. */
  seed: z.string().optional(),
  /** When the run begins, ms since the epoch. */
  started_at: z.number().optional(),
  /** IANA name. */
  time_zone: z.string().optional(),
  /** The answers to these calls fail in this way. */
  fault: z.strictObject({ kind: z.enum(FAULT_VARIANTS), at: z.array(z.string()).min(1) }).optional(),
})
export type World = z.infer<typeof worldSchema>

/** What a world is called: `order c3,c2`, `latency ×2`, `seed 7`, `fault reset at c4`; parts with ` + ` between them. */
export function nameWorld({ order, latency, seed, started_at, time_zone, fault }: World): string {
  return [
    ...(order === undefined ? [] : [`order ${order.join(',') || 'recorded'}`]),
    ...(latency === undefined ? [] : [`latency ×${latency}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
    ...(started_at === undefined ? [] : [`clock ${new Date(started_at).toISOString()}`]),
    ...(time_zone === undefined ? [] : [`time zone ${time_zone}`]),
    ...(fault === undefined ? [] : [`fault ${fault.kind} at ${fault.at.join(',')}`]),
  ].join(' + ')
}

/** A world as it is kept in a file, to be replayed. */
export const worldFileSchema = z.strictObject({
  format: z.literal('retrial-world/1'),
  /** For people. */
  name: z.string(),
  scenario: z.string(),
  candidate: z.string().nullable(),
  /** SHA-256 of the recording whose calls it names. */
  recording: z.string(),
  /** Further recordings whose answers were used, relative to the file. */
  evidence: z.array(z.string()),
  world: worldSchema,
})
export type WorldFile = z.infer<typeof worldFileSchema>
