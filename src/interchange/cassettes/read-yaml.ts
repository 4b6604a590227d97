import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml'
import { RetrialError } from '../../core/errors.ts'
import { tooLarge } from '../entries/read-json-file.ts'
import type { FileValue } from './file-value.ts'
import { indentQuotes } from './indent-quotes.ts'
import { toFileValue, YamlProblem } from './to-file-value.ts'
import { CASSETTE_TAGS, isTextObject } from './yaml-tags.ts'

/** Longest YAML that is taken, in UTF-16 units: its tree takes about a hundred times as much memory. */
const MAX_YAML_LENGTH = 32_000_000

/** A YAML file as a value, and where its parts stand. */
export interface YamlFile {
  root: FileValue
  /** Line and column, from 1, of an item of a list at the top of the file. */
  locate(key: string, index: number): { line: number; column: number } | undefined
}

/**
 * Parses a YAML file as PyYAML and go-yaml write it: plain values, `!!binary`, names of headers of aiohttp
 * and aliases that do not multiply.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`; `ERR_INTERCHANGE_YAML` with line and column for what is no YAML, has
 * another tag, or expands without measure
 */
export function readYaml(text: string, path: string): YamlFile {
  if (text.length > MAX_YAML_LENGTH) throw tooLarge(path, text.length, MAX_YAML_LENGTH)
  const lines = new LineCounter()
  const refuse = (reason: string, offset: number, cause?: unknown): RetrialError => {
    const { line, col } = lines.linePos(offset)
    return new RetrialError('ERR_INTERCHANGE_YAML', `Failed to import the file: ${reason}`, {
      hint: 'Check that the file is complete and as its tool wrote it.',
      location: { path, line: Math.max(1, line), column: Math.max(1, col) },
      cause,
    })
  }
  try {
    const document = parseText(text, lines)
    const first = firstProblem(document)
    if (first !== undefined) throw refuse(describe(first), first.pos[0], first)
    const { root, places } = toFileValue(document)
    return {
      root,
      locate(key, index) {
        const offset = places.get(key)?.[index]
        if (offset === undefined) return undefined
        const { line, col } = lines.linePos(offset)
        return { line, column: col }
      },
    }
  } catch (error) {
    if (error instanceof YamlProblem) throw refuse(error.message, error.offset)
    if (error instanceof RangeError) throw refuse('it is nested too deeply', 0, error)
    throw error
  }
}

/** As the standard says, or where a quote does not end by its rules, as PyYAML takes it. */
function parseText(text: string, lines: LineCounter): Document.Parsed {
  const options = {
    schema: 'failsafe',
    customTags: CASSETTE_TAGS,
    merge: false,
    stringKeys: true,
    // The library compares every key with every other; the walk over the tree finds duplicates.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  } as const
  const parse = (given: string, lineCounter: LineCounter): Document.Parsed => {
    const parsed = parseDocument(given, { ...options, lineCounter })
    // The library takes no key with a tag for a text.
    parsed.errors = parsed.errors.filter(({ code, pos }) => code !== 'NON_STRING_KEY' || !isTextObject(given, pos[0]))
    return parsed
  }
  const document = parse(text, lines)
  if (!document.errors.some(({ code }) => code === 'MISSING_CHAR')) return document
  const again = new LineCounter()
  const lenient = parse(indentQuotes(text), again)
  if (lenient.errors.length > 0) return document
  lines.lineStarts = again.lineStarts
  return lenient
}

/** The first in the file, but of a tag before what comes of it. */
function firstProblem({ errors, warnings }: Document.Parsed): YAMLError | undefined {
  const all = [...errors, ...warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  return all.find(({ code }) => code === 'TAG_RESOLVE_FAILED') ?? all[0]
}

function describe(error: YAMLError): string {
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return `it holds a tag that stands for an object of a program, or is no value of it (${error.message})`
  }
  if (error.code === 'RESOURCE_EXHAUSTION') return 'it is nested too deeply'
  return `it is not YAML: ${error.message.replace(/\.$/, '')} (${error.code})`
}
