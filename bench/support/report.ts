import type { Comparison } from './stats.ts'

/** One line of a section: what was measured, against what it is compared with. */
export interface Row {
  label: string
  /** To the baseline of the section; the median of the rounds' ratios where there are rounds. */
  ratio: number
  /** Tenth and ninetieth percentile of the rounds' ratios; null for what does not vary. */
  spread: [low: number, high: number] | null
  /** What the ratio should not exceed. */
  goal: number | null
  /** The least disturbed absolute value, for orientation only. */
  p10: { value: number; unit: string } | null
  /** Whatever else belongs to the line. */
  note: string
}

export interface Section {
  id: string
  title: string
  /** What 1.00 stands for. */
  baseline: string
  rows: Row[]
}

export interface Document {
  format: 'retrial-bench/1'
  date: string
  quick: boolean
  machine: { node: string; platform: string; cores: number; load: [before: number, after: number] }
  versions: Record<string, string>
  sections: Section[]
  /** Sections that could not be measured. */
  failures: { section: string; message: string }[]
  duration_s: number
}

/** A row of a comparison that was measured in rounds. */
export function rowOf(
  label: string,
  comparison: Comparison,
  unit: string,
  more: { goal?: number | undefined; note?: string | undefined } = {},
): Row {
  const { ratio, spread, p10 } = comparison
  return { label, ratio, spread, goal: more.goal ?? null, p10: { value: p10, unit }, note: more.note ?? '' }
}

/** The document as a table for people. */
export function renderTables({ machine, versions, sections, quick, duration_s, date }: Document): string {
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const load = machine.load.map((value) => value.toFixed(1)).join(' before, ')
  return [
    `retrial benchmark${quick ? ' (quick: few rounds, wide spread)' : ''} · ${date.slice(0, 10)} · Node ${machine.node}`,
    `${machine.platform}, ${machine.cores} cores, load ${load} after · ${peers.join(' · ')}`,
    'Ratios are medians of ratios taken within one round; p10 is the least disturbed absolute value, for orientation only.',
    ...sections.map(renderSection),
    `${duration_s.toFixed(0)} s`,
    '',
  ].join('\n\n')
}

function renderSection({ title, baseline, rows }: Section): string {
  const cells = rows.map((row) => [
    row.label,
    formatRatio(row.ratio),
    row.spread === null ? '' : `${formatRatio(row.spread[0])} – ${formatRatio(row.spread[1])}`,
    row.goal === null ? '' : `≤ ${formatRatio(row.goal)} ${row.ratio <= row.goal ? 'met' : 'missed'}`,
    row.p10 === null ? '' : `${formatValue(row.p10.value)} ${row.p10.unit}`,
    row.note,
  ])
  const head = ['', 'ratio', 'p10 – p90', 'goal', 'p10', '']
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)))
  const lines = [head, ...cells].map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column > 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${title}   (1.00 = ${baseline})\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** A ratio with as many digits as it is worth. */
export function formatRatio(ratio: number): string {
  return ratio < 0.095 ? ratio.toFixed(3) : ratio < 20 ? ratio.toFixed(2) : ratio.toFixed(0)
}

function formatValue(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
