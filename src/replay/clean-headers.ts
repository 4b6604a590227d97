import type { HeaderList } from '../model/interaction.ts'
import type { Redactor } from '../recording/redact/create-redactor.ts'

/** Headers with their secrets replaced; those of the last request are kept, as a client mostly sends the same again. */
export class CleanHeaders {
  readonly #redactor: Redactor | null
  #live: HeaderList = []
  #clean: HeaderList = []

  constructor(redactor: Redactor | null) {
    this.#redactor = redactor
  }

  /** The headers of a request, where they are not those that were recorded. */
  unless(recorded: HeaderList, live: HeaderList): HeaderList | undefined {
    if (areSameHeaders(live, recorded)) return undefined
    if (!areSameHeaders(live, this.#live)) {
      this.#live = live
      this.#clean = this.#redactor?.headers(live) ?? live
    }
    return this.#clean
  }
}

/** Whether two lists of headers are the same, order and spelling included. */
export function areSameHeaders(a: HeaderList, b: HeaderList): boolean {
  if (a.length !== b.length) return false
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i] as [string, string]
    if (name !== other[0] || value !== other[1]) return false
  }
  return true
}
