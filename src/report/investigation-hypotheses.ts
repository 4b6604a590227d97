import { isJsonObject, type JsonValue } from '../core/json.ts'
import type { TimelineEntry } from './investigation-order.ts'
import { renderCounts } from './investigation-signals.ts'
import { escapeTerminal, escapeValue, type Paint, wrapText } from './terminal-text.ts'

/** A hypothesis as far as it is shown. */
export interface ShownHypothesis {
  code: string
  statement: string
  evidence: JsonValue
  checks?: readonly string[]
}

const INDENT = ' '.repeat(15)

/** Each hypothesis with its statement, what it rests on, and what to check next. */
export function renderHypotheses(
  hypotheses: readonly ShownHypothesis[],
  lines: ReadonlyMap<string, TimelineEntry>,
  paint: Paint,
  width: number,
): string[] {
  if (hypotheses.length === 0) {
    return ['  none: no rule matches. Read the model answers in order, and compare with a run that went well.']
  }
  const room = width - INDENT.length
  return hypotheses.flatMap(({ code, statement, evidence, checks = [] }, i) => [
    `  ${i + 1}. ${paint('bold', escapeTerminal(code, 60))}`,
    ...wrapText(escapeTerminal(statement, 600), width - 5).map((line) => `     ${line}`),
    ...renderBlock('evidence', wrapItems(renderEvidence(evidence, lines), room), paint),
    ...renderBlock(
      'check',
      checks.flatMap((check) => wrapCheck(check, room)),
      paint,
    ),
  ])
}

function renderBlock(label: string, block: readonly string[], paint: Paint): string[] {
  return block.map((line, i) => (i === 0 ? `     ${paint('dim', label.padEnd(8))}  ${line}` : `${INDENT}${line}`))
}

function wrapCheck(check: string, width: number): string[] {
  return wrapText(escapeTerminal(check, 300), width - 2).map((line, i) => `${i === 0 ? '- ' : '  '}${line}`)
}

/** Puts as many items on a line as fit; an item is broken only when it is longer than a line. */
function wrapItems(items: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const item of items) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 3 + item.length <= width) lines[lines.length - 1] = `${last} · ${item}`
    else lines.push(...wrapText(item, width))
  }
  return lines
}

/** Evidence in words, item by item: spans by their line in the timeline, counts per name, and plain values. */
function renderEvidence(evidence: JsonValue, lines: ReadonlyMap<string, TimelineEntry>): string[] {
  if (!isJsonObject(evidence)) return [escapeValue(evidence, 200)]
  return Object.entries(evidence).map(([key, value]) => `${escapeTerminal(key, 48)} ${renderItem(value, lines)}`)
}

function renderItem(value: JsonValue, lines: ReadonlyMap<string, TimelineEntry>): string {
  if (typeof value === 'string') {
    const entry = lines.get(value)
    return entry === undefined
      ? `= ${escapeTerminal(value, 60)}`
      : `#${entry.line} ${escapeTerminal(entry.span.name, 48)}`
  }
  if (Array.isArray(value)) return escapeTerminal(value.map(String).join(', '), 200)
  if (!isJsonObject(value)) return `= ${typeof value === 'number' ? Math.round(value * 1000) / 1000 : String(value)}`
  if (isCounts(value)) return Object.keys(value).length === 0 ? 'none' : renderCounts(value)
  const entry = typeof value.span_id === 'string' ? lines.get(value.span_id) : undefined
  const name = [value.step_type, value.name ?? value.tool ?? value.span_id].filter((part) => part !== undefined)
  return `${entry === undefined ? '' : `#${entry.line} `}${escapeTerminal(name.map(String).join(' '), 90)}`
}

function isCounts(value: Record<string, JsonValue>): value is Record<string, number> {
  return Object.values(value).every((count) => typeof count === 'number')
}
