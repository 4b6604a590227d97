import { z } from 'zod'
import { FAULT_VARIANTS, type FaultVariant } from '../model/world.ts'

/** When a run begins instead: a moment, or so much later than it was recorded. */
export type ClockOrigin = { at_ms: number } | { shift_ms: number }

/** In which other worlds a fix is tried. */
export interface Perturbation {
  /** In which orders the answers of concurrent calls come: all, or at most so many of them; undefined for the recorded one. */
  orders?: 'all' | number | undefined
  /** Factors by which answers take longer. */
  latency?: number[] | undefined
  seeds?: string[] | undefined
  clock?: ClockOrigin[] | undefined
  time_zones?: string[] | undefined
  /** What happens at the trigger instead of what did. */
  faults?: FaultVariant[] | undefined
  /** Whether two kinds are changed at once, where there is room left. */
  pairs: boolean
  /** Most worlds for one candidate. */
  max_worlds: number
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SHIFT = /^([+-]\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

const clockSchema = z
  .string()
  .refine((text) => parseClock(text) !== null, 'no moment (2026-03-29T01:30:00Z) and no shift (+1d, -36h)')
  .transform((text) => parseClock(text) as ClockOrigin)

/** Null for what is neither a moment nor a shift. */
function parseClock(text: string): ClockOrigin | null {
  const [, count, unit] = SHIFT.exec(text) ?? []
  if (count !== undefined) return { shift_ms: Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN) }
  const at_ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isFinite(at_ms) ? { at_ms } : null
}

const zoneSchema = z.string().refine(isZone, 'no time zone that is known here (such as Europe/Berlin)')

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const seed = z.union([z.int(), z.string().min(1).max(200)]).transform(String)

/** How many seeds are drawn at most where a number is given. */
const MOST_SEEDS = 100

export const perturbationSchema = z.strictObject({
  orders: z
    .union([z.literal('all'), z.int().min(1).max(1000)])
    .optional()
    .meta({ description: 'Orders in which the answers of concurrent calls come: all, or at most so many.' }),
  latency: z
    .array(z.number().positive().max(1000))
    .min(1)
    .optional()
    .meta({ description: 'Every answer takes so many times as long.' }),
  seeds: z
    .union([
      z
        .int()
        .min(1)
        .max(MOST_SEEDS)
        .transform((count) => Array.from({ length: count }, (_, i) => String(i + 1))),
      z.array(seed).min(1),
    ])
    .optional()
    .meta({ description: 'Seeds that all chance is drawn from: how many (1, 2, …), or a list.' }),
  clock: z
    .array(clockSchema)
    .min(1)
    .optional()
    .meta({ description: 'When the run begins: ISO moments, or shifts such as +1d or -36h.' }),
  time_zones: z.array(zoneSchema).min(1).optional().meta({ description: 'IANA names of time zones.' }),
  faults: z
    .array(z.enum(FAULT_VARIANTS))
    .min(1)
    .optional()
    .meta({ description: 'What happens at the trigger instead of what did.' }),
  pairs: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether two kinds are changed at once, where there is room.' }),
  max_worlds: z.int().min(1).max(1000).default(24).meta({ description: 'Most worlds for one candidate.' }),
})

/** What `retrial verify --perturb` tries where a scenario does not say. */
export const DEFAULT_PERTURBATION: Perturbation = {
  orders: 'all',
  latency: [0.5, 2],
  seeds: ['1', '2'],
  clock: [{ shift_ms: 86_400_000 }],
  time_zones: ['America/Los_Angeles', 'Asia/Kolkata'],
  faults: [...FAULT_VARIANTS],
  pairs: false,
  max_worlds: 24,
}
