import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { findStructureProblems } from './checks/check-structure.ts'
import type { Finding, PlacedFinding } from './finding.ts'
import { createPositions, type Locate } from './positions.ts'
import type { Position, ScenarioPath } from './scenario.ts'

/** A YAML text as a plain value, with the places of its parts. */
export interface ParsedYaml {
  /** Undefined when there are findings that make the value unusable. */
  value: unknown
  findings: (Finding & { position: Position })[]
  locate: Locate
  /** The text of a scalar as it stands in the file, without its quotes; undefined for anything else. */
  sourceOf: (path: ScenarioPath) => string | undefined
}

/** More mistakes in the YAML than this say nothing new: the first one usually caused the others. */
const MAX_FINDINGS = 10
/** Aliases in a file; and how often one may be expanded, where aliases hold aliases. */
const MAX_ALIASES = 50

/** Parses YAML 1.2 (core schema) without merge keys, custom tags or more than 50 aliases. Never throws. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    // Duplicates are found in check-structure.ts: the library compares every key with every other.
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    // At `silent`, the library says nothing of a second document.
    logLevel: 'error',
  })
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const syntax = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  const placed = syntax.slice(0, MAX_FINDINGS).map(toFinding)
  if (placed.length === 0) placed.push(...findStructureProblems(document, MAX_ALIASES))
  const findings = placed.slice(0, MAX_FINDINGS).map((finding) => ({ ...finding, position: at(finding.offset) }))
  const locate = createPositions(document, at)
  const sourceOf = (path: ScenarioPath): string | undefined => {
    const node = findNode(document, path)
    return isScalar(node) ? (node.source ?? undefined) : undefined
  }
  const isUsable = findings.every((finding) => USABLE.has(finding.code))
  return { value: isUsable ? toValue(document, findings) : undefined, findings, locate, sourceOf }
}

/** With these, the rest of the file can still be read. */
const USABLE = new Set(['ERR_SCENARIO_DUPLICATE_KEY', 'ERR_SCENARIO_NUMBER'])

function toValue(document: Document, findings: (Finding & { position: Position })[]): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES + 1 })
  } catch {
    findings.push({
      code: 'ERR_SCENARIO_ALIAS',
      message: 'the aliases (`*name`) of the file expand without end',
      hint: 'Write the values out instead of repeating them by alias.',
      path: [],
      position: { line: 1, column: 1 },
    })
    return undefined
  }
}

/** The node at a path, through aliases; undefined when the file holds none there. */
function findNode(document: Document, path: ScenarioPath): Node | undefined {
  let node: unknown = document.contents
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) node = node.items.find((pair) => isScalar(pair.key) && pair.key.value === String(step))?.value
    else if (isSeq(node) && typeof step === 'number') node = node.items[step]
    else return undefined
  }
  return (node ?? undefined) as Node | undefined
}

const HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  MULTIPLE_DOCS: 'Keep one scenario in one file: remove the `---` and move what follows to a file of its own.',
  TAG_RESOLVE_FAILED: 'Remove the tag (`!…`): a scenario holds plain values only.',
  RESOURCE_EXHAUSTION: 'Nest the values less deeply.',
  BAD_INDENT: 'Align the line with its neighbours.',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a text that holds `: `, or begin a new line.',
  UNEXPECTED_TOKEN: 'Quote the text when it holds special characters.',
  MISSING_CHAR: 'Close the quote, bracket or brace.',
  NON_STRING_KEY: 'Write a plain text as the key.',
}

function toFinding(error: YAMLError): PlacedFinding {
  const isMultiple = error.code === 'MULTIPLE_DOCS'
  const reason = isMultiple ? 'a second document begins here' : error.message.replace(/\.$/, '')
  return {
    code: 'ERR_SCENARIO_SYNTAX',
    message: `not valid YAML: ${reason} (${error.code})`,
    hint: HINTS[error.code] ?? 'Correct the YAML at this place.',
    path: [],
    offset: error.pos[0],
  }
}
