import { clip } from '../../core/clip.ts'
import type { Trigger } from '../../model/incident.ts'

/** Which spans are counted, in few words: `search_docs timeout`. */
export function describeSpans({ span, error_class, arguments: args, result }: Trigger): string {
  const colon = span.indexOf(':')
  const parts = [colon === -1 ? span : span.slice(colon + 1)]
  if (error_class !== undefined) parts.push(error_class === 'any' ? 'error' : error_class)
  if (args !== undefined) parts.push(`with /${clip(args.matches, 40)}/`)
  if (result !== undefined) parts.push(`/${clip(result.matches, 40)}/`)
  return parts.join(' ')
}
