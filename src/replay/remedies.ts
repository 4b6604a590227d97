import type { Divergence, DivergenceKind } from '../model/verdict.ts'
import { parseVolatilePath } from '../scenario/checks/volatile-path.ts'

/** What a person can do about a divergence. */
export type RemedyCode = 'check' | 'volatile' | 'evidence' | 'stub' | 'live' | 'stale' | 'record'

/** What can be done, by kind, the cheapest first. */
const REMEDIES: Record<DivergenceKind, readonly RemedyCode[]> = {
  prompt_changed: ['evidence', 'stub', 'live', 'stale', 'record'],
  tools_changed: ['evidence', 'stub', 'live', 'stale', 'record'],
  model_changed: ['evidence', 'stub', 'live', 'stale', 'record'],
  tool_result_changed: ['evidence', 'stub', 'live', 'stale', 'record'],
  message_changed: ['evidence', 'stub', 'live', 'stale', 'record'],
  extra_turn: ['evidence', 'stub', 'live', 'stale', 'record'],
  missing_turn: ['evidence', 'stub', 'live', 'stale', 'record'],
  reordered: ['check', 'evidence', 'stub', 'live', 'record'],
  generated_value: ['volatile', 'check', 'evidence', 'record'],
  clock: ['volatile', 'check', 'evidence', 'record'],
  randomness: ['volatile', 'check', 'evidence', 'record'],
  exhausted: ['check', 'evidence', 'stub', 'live', 'record'],
  new_request: ['check', 'evidence', 'stub', 'live', 'record'],
  request_changed: ['volatile', 'evidence', 'stub', 'live', 'record'],
}

/** What there is to check first, for the kinds that often are a slip of the candidate. */
const CHECKS: Partial<Record<DivergenceKind, string>> = {
  reordered: 'Check what gives the order: answers of calls that are in flight together, or a set that has none.',
  generated_value:
    'Check where the candidate takes this value from: the recorded agent had it from elsewhere, or made it anew.',
  clock:
    'Check what the candidate waits for before it writes this time: the recorded agent wrote it at another time of its run.',
  randomness: 'Check what the candidate draws at random that the recorded agent did not.',
  exhausted: 'Check whether the candidate repeats a call that the recorded agent made less often.',
  new_request: 'Check whether the candidate should make this call at all.',
}

type Diverged = Pick<Divergence, 'kind' | 'difference' | 'summary' | 'request'>

/** A remedy with its sentence. */
export interface Remedy {
  code: RemedyCode
  text: string
}

/** What a person can do about a divergence, the cheapest first. */
export function listRemedies(diverged: Diverged): Remedy[] {
  return REMEDIES[diverged.kind].flatMap((code) => {
    const text = describe(code, diverged)
    return text === null ? [] : [{ code, text }]
  })
}

/** The path that could be called volatile; null where that would take the whole question out of the match. */
export function volatilePathOf(difference: Divergence['difference']): string | null {
  return difference && asVolatilePath(difference.path)
}

/** A path as `replay.volatile` takes it: of a query, the parameter with all its values. Null where it may not be volatile. */
export function asVolatilePath(path: string): string | null {
  const named = path.replace(
    /^query(?:\.([\w$-]+)|\['((?:[^'\\]|\\.)+)'\])(?:\[\d+\])?$/,
    (_, plain?: string, quoted = '') => {
      return `query.${plain ?? quoted.replace(/\\(.)/g, '$1')}`
    },
  )
  return 'in' in parseVolatilePath(named) ? named : null
}

/** What has to be asked for live, to get this answer and no other. */
export function liveKindOf(summary: string): 'model' | 'tools' {
  return summary.startsWith('llm_generate') ? 'model' : 'tools'
}

/**
 * Says of a request that may do something where it goes that it is sent for real; nothing of one that only reads.
 *
 * @param target `POST https://host/path`.
 */
export function warnOfSending(target: string): string {
  const [method = '', href = ''] = target.split(' ')
  const url = URL.parse(href)
  if (url === null || method === 'GET' || method === 'HEAD') return ''
  return `; this sends ${method} to ${url.host} for real, with all that it does there`
}

function describe(code: RemedyCode, { kind, difference, summary, request }: Diverged): string | null {
  switch (code) {
    case 'check':
      return CHECKS[kind] ?? null
    case 'volatile': {
      const path = volatilePathOf(difference)
      return path && `List \`${path}\` under \`replay.volatile\` if it has no bearing on the answer.`
    }
    case 'evidence':
      return 'Name a recording that holds the answer under `evidence:`.'
    case 'stub':
      return 'Supply the answer under `stubs:`; the verdict lists it as an assumption.'
    case 'live': {
      const what = liveKindOf(summary)
      const warning = what === 'model' ? '' : warnOfSending(request)
      return `Ask the real ${what === 'model' ? 'model' : 'tool'} for exactly this answer: --live ${what}${warning}.`
    }
    case 'stale':
      return 'Set `on_divergence: stale` on the candidate to look further; the verdict stays inconclusive.'
    case 'record':
      return 'Record the incident again with this candidate, and name that recording as the evidence.'
  }
}
