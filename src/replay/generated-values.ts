/** What makes the values of which two texts differ: a program that makes ids, its clock, or chance. */
export type Origin = 'generated_value' | 'clock' | 'randomness'

/** What each kind of value looks like where a request holds it. Wider than what is renamed: here nothing is forgiven for it. */
const KINDS: readonly [origin: Origin, pattern: RegExp][] = [
  ['generated_value', /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i],
  ['clock', /\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)? ?(?:Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b)?/],
  [
    'clock',
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*(?: \d{1,2})?,? \d{4}/,
  ],
  [
    'clock',
    /\b(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*),? \d{4}\b/,
  ],
  ['clock', /\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b/],
  ['clock', /\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?[AP]M\b)?/],
  ['clock', /\b1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b/],
  ['randomness', /\b0\.\d{8,}(?:e-\d+)?\b/],
  ['generated_value', /\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/],
  ['generated_value', /\b[A-Za-z]{2,12}[_-](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,64}\b/],
  ['generated_value', /\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/],
  ['generated_value', /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{16,64}(?![\w-])/],
]

const PATTERN = new RegExp(
  KINDS.map(([, { source, flags }], i) => `(?<k${i}>${flags === 'i' ? anyCase(source) : source})`).join('|'),
  'g',
)

function anyCase(source: string): string {
  return source.replaceAll('a-f', 'a-fA-F')
}

interface Piece {
  origin: Origin
  text: string
}

/** What is known of the two runs whose values are compared. */
export interface RunKnowledge {
  /** When the runs began, ms since the epoch: what their clocks gave is near that. */
  began: readonly number[]
  /** Whether a number was drawn at random, and by no draw of the recorded run. */
  isDrawn?: ((text: string) => boolean) | undefined
}

/** How far from the beginning of its run a time may be that its clock gave, in any time zone, ms. */
const NEAR_MS = 48 * 3_600_000

/** Where two texts differ only in values that programs make: what makes them. Null when anything else differs. */
export function originOfDifference(recorded: string, asked: string, known: RunKnowledge): Origin | null {
  const [was, is] = [takeApart(recorded), takeApart(asked)]
  if (was.rest !== is.rest) return null
  const found = new Set<Origin>()
  for (const [i, { origin, text }] of was.pieces.entries()) {
    const now = is.pieces[i]?.text ?? ''
    if (now === text) continue
    // A date that no clock of the runs can have given was written by a person, and means something.
    if (origin === 'clock' && ![text, now].every((one) => isNear(one, known.began))) return null
    found.add(known.isDrawn?.(now) ? 'randomness' : origin)
  }
  // What means most comes first: a time beside an id is mostly there to tell when the id was made.
  return (['randomness', 'generated_value', 'clock'] as const).find((origin) => found.has(origin)) ?? null
}

/** Whether a clock of the runs may have given this; a time of day says no more than that. */
function isNear(text: string, began: readonly number[]): boolean {
  const digits = /^\d{10}(?:\d{3})?(?:\.\d+)?$/.test(text)
    ? Number(text) * (/^\d{10}(?!\d)/.test(text) ? 1000 : 1)
    : null
  const time = digits ?? Date.parse(text)
  return Number.isNaN(time) || began.some((one) => Math.abs(one - time) <= NEAR_MS)
}

function takeApart(text: string): { rest: string; pieces: Piece[] } {
  const pieces: Piece[] = []
  const rest = text.replace(PATTERN, (match: string, ...more: unknown[]) => {
    const groups = more.at(-1) as Record<string, string | undefined>
    const index = KINDS.findIndex((_, i) => groups[`k${i}`] !== undefined)
    const origin = KINDS[index]?.[0] ?? 'generated_value'
    pieces.push({ origin, text: match })
    return `\u0000${origin}\u0000`
  })
  return { rest, pieces }
}
