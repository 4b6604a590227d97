import type { IsolationReport, LevelOutcome } from '../model/isolation.ts'
import { describeIsolation } from './describe-isolation.ts'
import { escapeHostile } from './escape-json.ts'
import { createPaint, escapeTerminal, joinLines, type Paint } from './terminal-text.ts'
import { pluralize } from './verdict-words.ts'

const FINDINGS: Record<IsolationReport['finding'], string> = {
  holds: 'nothing came through, and each attempt was counted',
  leaks: 'something came through, or was not counted: do not trust a verdict of this machine',
  unproved: 'nothing came through even without walls, so the probes prove nothing here',
}

const TITLE = 'ways out that led somewhere'

/** Renders what keeps replays from the outside world: how many ways out of each kind led somewhere, at each level. */
export function renderIsolation(report: IsolationReport, options: { color: boolean }): string {
  const paint = createPaint(options.color)
  const { levels, groups, finding } = report
  const names = levels.map(({ walls }) => describeIsolation(walls) ?? 'no walls')
  const used = levels.findIndex((level) => level.used)
  const rows: [string, string[]][] = [...Object.entries(groups), ['all', Object.values(groups).flat()]]
  const user = report.user === null ? '' : report.user === 0 ? ', as root' : `, as user ${report.user}`
  return joinLines([
    `${paint('bold', 'isolation')}  node ${report.node} on ${report.platform}${user}`,
    '',
    `  ${TITLE}   ${names.join('   ')}`,
    ...rows.map(([name, probes]) => {
      const cells = levels.map((level, index) => cell(level, probes, names[index] as string, paint))
      return `  ${name.padEnd(TITLE.length - 4)}${String(probes.length).padStart(4)}   ${cells.join('   ')}`.trimEnd()
    }),
    ...levels.flatMap((level, index) => leakLines(level, names[index] as string, paint)),
    '',
    `  ${paint(finding === 'holds' ? 'green' : 'red', finding)}  ${FINDINGS[finding]}`,
    `  replays run behind: ${names[used] ?? 'nothing'}`,
    ...notes(report),
  ])
}

/** The same as JSON, for programs. */
export function toIsolationJson(report: IsolationReport): string {
  return `${escapeHostile(JSON.stringify(report, null, 2))}\n`
}

function cell({ outcomes, walls }: LevelOutcome, probes: readonly string[], title: string, paint: Paint): string {
  const count = outcomes.filter(({ name, contacts }) => probes.includes(name) && contacts.length > 0).length
  const text = String(count).padEnd(title.length)
  return walls.includes('guard') ? paint(count === 0 ? 'green' : 'red', text) : text
}

/** What came through the walls of a replay, or was not counted, one by one. */
function leakLines({ walls, outcomes }: LevelOutcome, title: string, paint: Paint): string[] {
  if (!walls.includes('guard')) return []
  return outcomes.flatMap(({ name, contacts, counted, account }) => {
    if (contacts.length === 0 && (counted > 0 || account === 'missing')) return []
    const how = contacts.length > 0 ? `reached ${contacts.join(', ')}` : 'was not counted'
    return [`  ${paint('red', '✖')} ${escapeTerminal(name, 60)} ${how} at ${title}`]
  })
}

function notes({ levels }: IsolationReport): string[] {
  const walls = levels.flatMap((level) => level.walls)
  const missing = levels.flatMap(({ outcomes, used }) =>
    used ? outcomes.filter(({ account }) => account === 'missing') : [],
  ).length
  return [
    ...(walls.includes('namespace')
      ? ['  a namespace holds no Unix sockets; the guard does, and bubblewrap would']
      : []),
    ...(walls.includes('namespace') || walls.includes('bubblewrap')
      ? []
      : ['  no sandbox of the system works here: install bubblewrap, or allow user namespaces']),
    ...(missing > 0 ? [`  ${pluralize(missing, 'way')} out not there on this Node`] : []),
  ]
}
