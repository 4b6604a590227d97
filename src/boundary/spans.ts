import { AsyncLocalStorage } from 'node:async_hooks'
import type { Channel } from 'node:diagnostics_channel'
import type { SpanName } from '../model/interaction.ts'

/** A named part of a run around the calls that are made in it: an agent, a step, a node of a graph. */
export interface OpenSpan {
  readonly name: string
  readonly outer: OpenSpan | null
}

/** Tells in which span the code that is running is, as far as a framework knows; null for none. It is asked at each call. */
export type SpanFinder = () => OpenSpan | null

const MAX_NAME = 200

const opened = new AsyncLocalStorage<OpenSpan | null>()
const finders = new Set<SpanFinder>()
/** So that runs without names do not pay for them. */
let isUsed = false

/**
 * Names a part of a run: calls that `fn` makes, now and later, are told as made within it. Names are for people, and for
 * exported traces; a replay does not compare them.
 *
 * @param name As OpenTelemetry names spans: `invoke_agent triage`, `invoke_workflow refunds`; or as it is called: `plan`.
 * @returns What `fn` gives.
 * @example
 * const answer = await withSpan('invoke_agent triage', () => triage.run(question))
 */
export function withSpan<T>(name: string, fn: () => T): T {
  isUsed = true
  return opened.run(openSpan(name), fn)
}

/**
 * A span as it begins in the code that is running.
 *
 * @param outer The span around it, as its framework knows it.
 * @param finder By which that framework is asked, so that it is not asked here.
 */
export function openSpan(name: string, outer: OpenSpan | null = null, finder?: SpanFinder): OpenSpan {
  return { name: String(name).slice(0, MAX_NAME), outer: innermost(findSpan(finder), outer) }
}

/** Asks a framework for its spans from now on. */
export function addSpanFinder(finder: SpanFinder): void {
  isUsed = true
  finders.add(finder)
}

/** Lets a channel open spans: code that runs within what it tells of is within them. A message without a name opens none. */
export function openSpansBy(channel: Channel<unknown, unknown>, nameOf: (message: unknown) => string | null): void {
  isUsed = true
  channel.bindStore(opened as AsyncLocalStorage<unknown>, (message) => {
    const current = opened.getStore() ?? null
    try {
      const name = nameOf(message)
      return name === null ? current : openSpan(name)
    } catch {
      // A name that cannot be had is not the agent's trouble.
      return current
    }
  })
}

/** The innermost span around the code that is running; null for none. */
export function findSpan(except?: SpanFinder): OpenSpan | null {
  if (!isUsed) return null
  let span = opened.getStore() ?? null
  for (const finder of finders) if (finder !== except) span = innermost(span, ask(finder))
  return span
}

function ask(finder: SpanFinder): OpenSpan | null {
  try {
    return finder()
  } catch {
    return null
  }
}

/** Of two spans the one that is within the other, else the second. */
function innermost(first: OpenSpan | null, second: OpenSpan | null): OpenSpan | null {
  if (second === null) return first
  for (let span = first; span !== null; span = span.outer) if (span === second) return first
  return second
}

/** Tells the spans of one run apart that have the same name. */
export class SpanNames {
  readonly #known = new WeakMap<OpenSpan, SpanName[]>()
  readonly #counts = new WeakMap<object, Map<string, number>>()

  /** The names from the outermost span to this one; undefined for none. */
  list(span: OpenSpan | null | undefined): SpanName[] | undefined {
    if (!span) return undefined
    const known = this.#known.get(span)
    if (known !== undefined) return known
    const { name, outer } = span
    const counts = this.#counts.get(outer ?? this) ?? new Map<string, number>()
    this.#counts.set(outer ?? this, counts)
    const nth = (counts.get(name) ?? 0) + 1
    counts.set(name, nth)
    const names = [...(this.list(outer) ?? []), nth === 1 ? { name } : { name, nth }]
    this.#known.set(span, names)
    return names
  }
}
