/** Where in a file an error stands. `line` and `column` count from 1. */
export interface ErrorLocation {
  path: string
  line?: number
  column?: number
}

export interface RetrialErrorOptions {
  /** One imperative sentence that says the fix. */
  hint?: string
  location?: ErrorLocation
  cause?: unknown
}

const BRAND = Symbol.for('retrial.error')

/**
 * The one error class of the library. `code` is stable (`ERR_<ROOM>_<WHAT>`) and has a heading in `docs/errors.md`;
 * the message is for people and may change.
 */
export class RetrialError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly location: ErrorLocation | undefined

  constructor(code: string, message: string, options: RetrialErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RetrialError'
    this.code = code
    this.hint = options.hint
    this.location = options.location
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** True for a `RetrialError` of any copy of the library: `instanceof` breaks across workers and duplicate installs. */
export function isRetrialError(error: unknown): error is RetrialError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true
}

/** `path:line:column`, as far as known. */
export function formatLocation(location: ErrorLocation): string {
  return [location.path, location.line, location.column].filter((part) => part !== undefined).join(':')
}

/** The whole error for a terminal: message, place, hint and code, one a line. */
export function formatError(error: unknown): string {
  if (!isRetrialError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const lines = [`${error.message}  [${error.code}]`]
  if (error.location) lines.push(`  at ${formatLocation(error.location)}`)
  if (error.hint) lines.push(`  ${error.hint}`)
  return lines.join('\n')
}
