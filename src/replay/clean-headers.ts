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
    if (areEqual(live, recorded)) return undefined
    if (!areEqual(live, this.#live)) {
      this.#live = live
      this.#clean = this.#redactor?.headers(live) ?? live
    }
    return this.#clean
  }
}

function areEqual(a: HeaderList, b: HeaderList): boolean {
  if (a.length !== b.length) return false
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i] as [string, string]
    if (name !== other[0] || value !== other[1]) return false
  }
  return true
}
