import type { JsonValue } from '../core/json.ts'
import { type Edit, editPieces } from './edit-pieces.ts'

/**
 * Values that programs generate: unequal from run to run, and with no meaning beyond which is which. Each class has its own
 * pattern; what matches none of them is compared as it is.
 */
const CLASSES = {
  uuid: /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/,
  time: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/,
  id: /\b(?:call|toolu|fc|ctc|msg|resp|chatcmpl|run|req|item|rs|trace|span|sess|session|conv|thread|batch|job)[_-](?![0-9a-fA-F]{8}-[0-9a-fA-F]{4}-)(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,64}\b|\btooluse_[A-Za-z0-9_-]{8,64}(?![A-Za-z0-9_-])/,
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
const TIME_SLACK_MS = 5_000

/** What the recording knows of the values of a recorded call. */
export interface RecordedSide {
  /** Whether a value came from the world before the call was made. */
  isWorld(token: string): boolean
  /** How much later in its run the replayed call is made than the recorded one, ms. */
  later_ms: number
}

/**
 * The one-to-one renaming between the generated values of a recorded run and those of its replay. Only values that the agent
 * made itself may be renamed: one that came from the world (the input, an answer) means something, and has to be equal.
 */
export class Renaming {
  readonly #toLive = new Map<string, string>()
  readonly #toRecorded = new Map<string, string>()
  readonly #liveWorld = new Set<string>()
  /** What was told and is searched when it is asked about: a replay in which all is equal never asks. */
  #told: (() => string)[] = []
  readonly #shift: number

  /**
   * @param input What the agent was called with, as text.
   * @param shift How much later than the recorded clock that of the replay began, ms: all times of the agent are off by that.
   */
  constructor(input: string, shift = 0) {
    this.#shift = shift
    this.learn(() => input)
  }

  /** Takes note of what the world told the agent in this replay. */
  learn(answer: () => string): void {
    this.#told.push(answer)
  }

  #isLiveWorld(token: string): boolean {
    for (const answer of this.#told.splice(0)) for (const told of tokensOf(answer())) this.#liveWorld.add(told)
    return this.#liveWorld.has(token)
  }

  /** Extends the renaming so that it takes `recorded` to `live`; false, and unchanged, when no renaming does. */
  unify(recorded: Token[], live: Token[], side: RecordedSide): boolean {
    if (recorded.length !== live.length) return false
    const toLive = new Map<string, string>()
    const toRecorded = new Map<string, string>()
    for (const [i, from] of recorded.entries()) {
      const to = live[i] as Token
      const known = toLive.get(from.text) ?? this.#toLive.get(from.text)
      if (known === to.text) continue
      if (isTime(from)) {
        // Two readings of a clock may be one in the replay, and one may be two.
        if (from.text === to.text) continue
      } else {
        const back = toRecorded.get(to.text) ?? this.#toRecorded.get(to.text)
        if (known !== undefined || (back !== undefined && back !== from.text)) return false
      }
      if (from.text !== to.text && !this.#mayDiffer(from, to, side)) return false
      toLive.set(from.text, to.text)
      toRecorded.set(to.text, from.text)
    }
    for (const [from, to] of toLive) this.#toLive.set(from, to)
    for (const [to, from] of toRecorded) this.#toRecorded.set(to, from)
    return true
  }

  /** True when all that sets the two apart are values that the agent made, whether or not they fit the renaming. */
  isAlike(recorded: Token[], live: Token[], side: RecordedSide): boolean {
    if (recorded.length !== live.length) return false
    return recorded.every((from, i) => {
      const to = live[i] as Token
      return from.text === to.text || this.#mayDiffer(from, to, side)
    })
  }

  #mayDiffer(from: Token, to: Token, { isWorld, later_ms }: RecordedSide): boolean {
    if (isWorld(from.text) || this.#isLiveWorld(to.text)) return false
    return !isTime(from) || isNear(from, to, later_ms, this.#shift)
  }

  /** True while nothing had to be renamed. */
  get isEmpty(): boolean {
    for (const [from, to] of this.#toLive) if (from !== to) return false
    return true
  }

  /** The pairs that differ, for a report. */
  get pairs(): [recorded: string, live: string][] {
    return [...this.#toLive].filter(([from, to]) => from !== to)
  }

  /** Puts the replay's values into a recorded value. */
  applyToJson(value: JsonValue): JsonValue {
    return JSON.parse(this.apply([JSON.stringify(value)])[0] ?? 'null') as JsonValue
  }

  /** Puts the replay's values into a recorded text that was split into pieces; the pieces stay, a value moves to where it begins. */
  apply(pieces: string[]): string[] {
    if (this.#toLive.size === 0) return pieces
    return editPieces(pieces, this.#edits(pieces.join('')))
  }

  *#edits(text: string): Generator<Edit> {
    for (const match of text.matchAll(new RegExp(PATTERN, 'g'))) {
      const to = this.#toLive.get(match[0])
      if (to !== undefined) yield { from: match.index, to: match.index + match[0].length, text: to }
    }
  }
}

function isTime(token: Token): boolean {
  return token.class === 'time' || token.class === 'epoch'
}

/** Whether two times stand at the same place of their runs: at the same time, or as long before or after the call. */
function isNear(from: Token, to: Token, later_ms: number, shift: number): boolean {
  if (from.class !== to.class) return false
  const [recorded, live] = [from, to].map(({ class: name, text }) =>
    name === 'epoch' ? Number(text) : Date.parse(text),
  )
  const difference = (live ?? 0) - (recorded ?? Number.POSITIVE_INFINITY) - shift
  return Math.abs(difference) <= TIME_SLACK_MS || Math.abs(difference - later_ms) <= TIME_SLACK_MS
}
