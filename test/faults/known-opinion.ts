import { KNOWN_OPINIONS, type KnownOpinion } from './known-opinions.ts'
import type { LibraryName } from './second-opinions.ts'

export interface Opinion {
  /** The place of its reason among those that are known. */
  reason: number
  /** True where it depends on the moment. */
  sometimes: boolean
}

/** What is known of a library and a cell; null where it has to give what the recorded run gave. */
export function knownOpinion(library: LibraryName, fault: string, client: string): Opinion | null {
  const isOf = ({ cells }: KnownOpinion): boolean => cells[library]?.[fault]?.split(', ').includes(client) === true
  const reason = KNOWN_OPINIONS.findIndex(isOf)
  return reason < 0 ? null : { reason, sometimes: KNOWN_OPINIONS[reason]?.sometimes === true }
}
