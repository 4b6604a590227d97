/**
 * Values that programs generate: unequal from run to run, and with no meaning beyond which is which. Each class has its own
 * pattern; what matches none of them is compared as it is.
 */
const CLASSES = {
  uuid: /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/,
  time: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/,
  id: /\b(?:call|toolu|fc|msg|resp|chatcmpl|run|req|item|rs|trace|span|sess|session|conv|thread|batch|job)[_-](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,64}\b/,
  // Longer ones are digests of something, and that something means what it says.
  hex: /\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{16,32}\b/,
  ulid: /\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/,
  epoch: /\b[12]\d{12}\b/,
} as const

type TokenClass = keyof typeof CLASSES

const NAMES = Object.keys(CLASSES) as TokenClass[]
const PATTERN = NAMES.map((name) => `(?<${name}>${CLASSES[name].source})`).join('|')

export interface Token {
  class: TokenClass
  text: string
}

export interface Shape {
  /** The text with each generated value replaced by its class and the order of its first appearance. */
  text: string
  /** The generated values, in the order of their appearance. */
  tokens: Token[]
}

/** Takes the generated values out of a text. */
export function shapeOf(text: string): Shape {
  const tokens: Token[] = []
  const ordinals = new Map<string, number>()
  const shaped = text.replace(new RegExp(PATTERN, 'g'), (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>
    const name = NAMES.find((candidate) => groups[candidate] !== undefined) ?? 'uuid'
    tokens.push({ class: name, text: match })
    // Times need not differ in the replay where they differed in the run: only that a time stands there.
    if (name === 'time' || name === 'epoch') return `\u0000${name}\u0000`
    const ordinal = ordinals.get(match) ?? ordinals.size
    ordinals.set(match, ordinal)
    return `\u0000${name}${ordinal}\u0000`
  })
  return { text: shaped, tokens }
}

/** The generated values of a text. */
export function tokensOf(text: string): Set<string> {
  return new Set([...text.matchAll(new RegExp(PATTERN, 'g'))].map(([match]) => match))
}

/** How far a time that an agent wrote may be off its place in the recorded run, ms: the run's own overhead. */
const TIME_SLACK_MS = 60_000

/**
 * The one-to-one renaming between the generated values of a recorded run and those of its replay. Only values that the agent
 * made itself may be renamed: one that came from the world (the input, an answer) means something, and has to be equal.
 */
export class Renaming {
  readonly #toLive = new Map<string, string>()
  readonly #toRecorded = new Map<string, string>()
  readonly #liveWorld: Set<string>

  constructor(input: string) {
    this.#liveWorld = tokensOf(input)
  }

  /** Takes note of what the world told the agent in this replay. */
  learn(answer: string): void {
    for (const token of tokensOf(answer)) this.#liveWorld.add(token)
  }

  /**
   * Extends the renaming so that it takes `recorded` to `live`; false, and unchanged, when no renaming does.
   *
   * @param isRecordedWorld Whether a recorded value came from the world before the recorded request was made.
   */
  unify(recorded: Token[], live: Token[], isRecordedWorld: (token: string) => boolean): boolean {
    if (recorded.length !== live.length) return false
    const added: [string, string][] = []
    const toLive = new Map<string, string>()
    const toRecorded = new Map<string, string>()
    for (const [i, from] of recorded.entries()) {
      const to = live[i] as Token
      const isTime = from.class === 'time' || from.class === 'epoch'
      const known = toLive.get(from.text) ?? this.#toLive.get(from.text)
      if (known === to.text) continue
      if (isTime) {
        if (from.text === to.text) continue
        if (isRecordedWorld(from.text) || this.#liveWorld.has(to.text) || !isNear(from, to)) return false
        toLive.set(from.text, to.text)
        added.push([from.text, to.text])
        continue
      }
      const back = toRecorded.get(to.text) ?? this.#toRecorded.get(to.text)
      if (known !== undefined || (back !== undefined && back !== from.text)) return false
      if (from.text !== to.text && (isRecordedWorld(from.text) || this.#liveWorld.has(to.text))) return false
      toLive.set(from.text, to.text)
      toRecorded.set(to.text, from.text)
      added.push([from.text, to.text])
    }
    for (const [from, to] of added) {
      this.#toLive.set(from, to)
      this.#toRecorded.set(to, from)
    }
    return true
  }

  /** The pairs that differ, for a report. */
  get pairs(): [recorded: string, live: string][] {
    return [...this.#toLive].filter(([from, to]) => from !== to)
  }

  /** Puts the replay's values into a recorded text that was split into pieces; the pieces stay, a value moves to where it begins. */
  apply(pieces: string[]): string[] {
    const pairs = this.pairs
    if (pairs.length === 0) return pieces
    const joined = pieces.join('')
    const pattern = new RegExp(pairs.map(([from]) => from.replace(/[.+-]/g, '\\$&')).join('|'), 'g')
    const ends: number[] = []
    let length = 0
    for (const piece of pieces) {
      length += piece.length
      ends.push(length)
    }
    const renamed = pieces.map(() => '')
    let position = 0
    const copy = (until: number): void => {
      while (position < until) {
        const index = ends.findIndex((end) => position < end)
        const stop = Math.min(until, ends[index] ?? until)
        renamed[index] += joined.slice(position, stop)
        position = stop
      }
    }
    for (const match of joined.matchAll(pattern)) {
      copy(match.index)
      const index = ends.findIndex((end) => match.index < end)
      renamed[index] += this.#toLive.get(match[0]) ?? match[0]
      position = match.index + match[0].length
    }
    copy(joined.length)
    return renamed
  }
}

function isNear(a: Token, b: Token): boolean {
  if (a.class !== b.class) return false
  const [first, second] = [a, b].map(({ class: name, text }) => (name === 'epoch' ? Number(text) : Date.parse(text)))
  return Math.abs((first ?? 0) - (second ?? Number.POSITIVE_INFINITY)) <= TIME_SLACK_MS
}
