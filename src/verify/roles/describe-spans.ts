import type { Trigger } from '../../model/incident.ts'

/** Which spans are counted, in few words: `search_docs timeout`. */
export function describeSpans({ span, error_class, arguments: args, result }: Trigger): string {
  const colon = span.indexOf(':')
  const parts = [colon === -1 ? span : span.slice(colon + 1)]
  if (error_class !== undefined) parts.push(error_class === 'any' ? 'error' : error_class)
  if (args !== undefined) parts.push(`with /${clip(args.matches)}/`)
  if (result !== undefined) parts.push(`/${clip(result.matches)}/`)
  return parts.join(' ')
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}
