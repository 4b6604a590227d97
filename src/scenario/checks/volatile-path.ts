/** One step into a request body: a key, a list position, or every element. */
export type VolatileSegment = { key: string } | { index: number } | { any: true }

/** A field of a request that may differ without making its recorded answer worse than `ignored`. */
export type VolatilePath = { in: 'body'; segments: VolatileSegment[] } | { in: 'query' | 'header'; name: string }

export interface VolatileProblem {
  message: string
  hint: string
}

const FORMS = "Write `$.name`, `$['name']`, `[0]` or `[*]` steps into the body, `query.<name>` or `header.<name>`."

const SEGMENT =
  /\.(?<name>[\p{L}_$][\p{L}\p{N}_$-]*)|\[(?<index>0|[1-9]\d{0,8})\]|(?<any>\[\*\])|\['(?<single>(?:[^'\\]|\\['\\])+)'\]|\["(?<double>(?:[^"\\]|\\["\\])+)"\]/uy

/** Fields that hold the question itself. Without them in the match, any answer would fit any question. */
const QUESTION = new Set(['messages', 'system', 'tools', 'model', 'instructions', 'contents', 'prompt', 'input'])
const QUESTION_PARTS = new Set(['content', 'parts', 'text'])

/**
 * Takes a volatile path apart: `$.a['b'][0][*].c` into the body, `query.<name>` or `header.<name>`.
 * Gives what is wrong instead when it is not one, or when it would ignore the whole question.
 */
export function parseVolatilePath(text: string): VolatilePath | VolatileProblem {
  const query = /^query\.(\P{Cc}+)$/u.exec(text)
  if (query?.[1]) return { in: 'query', name: query[1] }
  const header = /^header\.([!#$%&'*+.^_`|~\w-]+)$/.exec(text)
  if (header?.[1]) return { in: 'header', name: header[1].toLowerCase() }
  if (!text.startsWith('$')) return { message: 'not a path into a request', hint: FORMS }
  if (text.includes('..')) {
    return { message: '`..` is not supported', hint: 'Name the whole path, with `[*]` for the elements of a list.' }
  }
  const segments: VolatileSegment[] = []
  let at = 1
  while (at < text.length) {
    SEGMENT.lastIndex = at
    const match = SEGMENT.exec(text)
    if (!match) return { message: `cannot be read from character ${at + 1} on`, hint: FORMS }
    segments.push(toSegment(match.groups ?? {}))
    at = SEGMENT.lastIndex
  }
  if (isQuestion(segments)) {
    return {
      message: 'would ignore the whole question, so that any recorded answer fits',
      hint: 'Name the one field that changes from run to run.',
    }
  }
  return { in: 'body', segments }
}

function toSegment(groups: Record<string, string | undefined>): VolatileSegment {
  if (groups.any !== undefined) return { any: true }
  if (groups.index !== undefined) return { index: Number(groups.index) }
  if (groups.name !== undefined) return { key: groups.name }
  return { key: (groups.single ?? groups.double ?? '').replace(/\\(.)/g, '$1') }
}

function isQuestion(segments: VolatileSegment[]): boolean {
  const [root, ...rest] = segments.filter((segment) => !('any' in segment))
  if (!root) return true
  if (!('key' in root) || !QUESTION.has(root.key)) return false
  return rest.every((segment) => 'key' in segment && QUESTION_PARTS.has(segment.key))
}
