import type { Recording } from '../model/recording.ts'

/** Tells whether an origin was asked in a recorded run, or is answered beside it: there, and only there, is somebody to talk to. */
export function knowOrigins(
  recording: Recording,
  beside: { origins(): string[] } | undefined,
): (origin: string) => boolean {
  let known: Set<string> | null = null
  return (origin) => {
    known ??= new Set([...originsOf(recording), ...(beside?.origins() ?? [])])
    return known.has(origin)
  }
}

/** The origins that were asked over HTTP. */
export function originsOf({ interactions }: Recording): string[] {
  return interactions.flatMap((one) => (one.kind === 'http' ? (URL.parse(one.request.url)?.origin ?? []) : []))
}
