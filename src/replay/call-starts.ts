import { SpanNames } from '../boundary/spans.ts'
import type { Within } from '../boundary/tape.ts'
import { roundMs } from '../core/clock.ts'
import type { Interaction } from '../model/interaction.ts'
import { redactSpans } from '../recording/redact/redact-entry.ts'
import type { ReplayTapeOptions } from './replay-tape-options.ts'

/** A call as it begins: which one it is, when it is made and within what. */
export type CallStart = Pick<Interaction, 'id' | 'started_ms' | 'parent' | 'spans'> & { end: null }

/** Numbers the calls of a replay as they are made. */
export class CallStarts {
  readonly #options: Pick<ReplayTapeOptions, 'clock' | 'draws' | 'redactor' | 'writer'>
  readonly #names = new SpanNames()
  /** How many there were. */
  count = 0

  constructor(options: Pick<ReplayTapeOptions, 'clock' | 'draws' | 'redactor' | 'writer'>) {
    this.#options = options
  }

  begin({ parent, span }: Within): CallStart {
    const { clock, draws, redactor, writer } = this.#options
    draws?.flush(writer)
    const spans = this.#names.list(span)
    return {
      id: `c${++this.count}`,
      started_ms: roundMs(clock.offset),
      end: null,
      ...(parent !== undefined && { parent }),
      ...(spans && { spans: redactor === null ? spans : redactSpans(spans, redactor) }),
    }
  }
}
