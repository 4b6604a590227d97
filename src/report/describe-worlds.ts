import type { WorldReport, WorldsReport } from '../model/verdict.ts'
import { escapeTerminal, type Paint } from './terminal-text.ts'

const MAX_WORLDS = 4

/** `12/12 worlds (≤ 22 % at 95 %)`: passed of tried, those that prove nothing, and the bound of the share that fails. */
export function describeWorlds({ tried, passed, inconclusive, upper_bound, confidence }: WorldsReport): string {
  if (tried === 0) return 'no other world'
  const doubt = inconclusive === 0 ? '' : `, ${inconclusive} ${inconclusive === 1 ? 'proves' : 'prove'} nothing`
  const bound = upper_bound === null ? '' : ` (≤ ${percent(upper_bound)} at ${Math.round(confidence * 100)} %)`
  return `${passed}/${tried} worlds${doubt}${bound}`
}

/** To the nearest; JSON has the figure itself. */
function percent(share: number): string {
  const figure = share * 100
  return `${figure < 1 ? Math.ceil(figure * 10) / 10 : Math.round(figure)} %`
}

/** Label and text of each line: the counterexample and how to see it, other worlds that fail, and those that prove nothing. */
export function worldLines({ worlds }: { worlds?: WorldsReport | undefined }, paint: Paint): [string, string][] {
  if (worlds === undefined) return []
  const { counterexample, list, left_out, skipped } = worlds
  const others = list.filter(({ outcome, name }) => outcome === 'failed' && name !== counterexample?.name)
  const open = list.filter(({ outcome }) => outcome === 'inconclusive')
  return [
    ...(counterexample === null
      ? []
      : ([
          ['fails in', paint('red', escapeTerminal(counterexample.name, 200))],
          ['see it', escapeTerminal(counterexample.command, 500)],
        ] as [string, string][])),
    ...describeSome(others, 'fails in'),
    ...describeSome(open, 'open'),
    ...(left_out > 0 ? ([['left out', `${left_out} more worlds`]] as [string, string][]) : []),
    ...(skipped.length > 0 ? ([['no world', namesOf(skipped)]] as [string, string][]) : []),
  ]
}

function describeSome(worlds: readonly WorldReport[], label: string): [string, string][] {
  const shown = worlds.slice(0, MAX_WORLDS).map(({ name, reasons }): [string, string] => {
    const why = reasons[0] === undefined ? '' : `: ${escapeTerminal(reasons[0].message, 160)}`
    return [label, `${escapeTerminal(name, 120)}${why}`]
  })
  const rest = worlds.length - shown.length
  return rest > 0 ? [...shown, [label, `${rest} more`]] : shown
}

function namesOf(skipped: WorldsReport['skipped']): string {
  return skipped
    .slice(0, 2 * MAX_WORLDS)
    .map(({ name, reason }) => `${escapeTerminal(name, 60)} (${escapeTerminal(reason, 60)})`)
    .join(', ')
}
