import { type Document, isAlias, isMap, isPair, isScalar, type Node, visit } from 'yaml'
import type { PlacedFinding } from '../finding.ts'
import { quote } from './suggest.ts'

/** Deepest nesting that a scenario needs, with room to spare. */
const MAX_DEPTH = 50

/** Finds what YAML allows and a scenario does not: duplicate and special keys, deep nesting, many aliases, lossy numbers. */
export function findStructureProblems(document: Document, maxAliases: number): PlacedFinding[] {
  const found: PlacedFinding[] = []
  let aliases = 0
  const add = (node: Node, code: string, message: string, hint: string): void => {
    found.push({ code, message, hint, path: [], offset: node.range?.[0] ?? 0 })
  }
  const { yaml } = document.directives ?? {}
  if (yaml?.explicit && yaml.version !== '1.2') {
    const message = `the directive \`%YAML ${yaml.version}\` changes what values mean`
    found.push({ code: 'ERR_SCENARIO_SYNTAX', message, hint: 'Remove the directive.', path: [], offset: 0 })
  }
  visit(document, {
    Alias: (_, node, ancestors) => {
      aliases++
      const target = aliases > maxAliases ? undefined : node.resolve(document)
      if (target && !ancestors.includes(target)) return undefined
      const name = quote(`*${node.source}`)
      let problem = `the alias ${name} stands within what it repeats`
      if (aliases > maxAliases) problem = `more than ${maxAliases} aliases (${name} and others)`
      else if (!target) problem = `the alias ${name} repeats nothing: there is no \`&${node.source}\` before it`
      add(node, 'ERR_SCENARIO_ALIAS', problem, 'Write the value out instead of repeating it by alias.')
      // Looking an alias up searches the file from its beginning: thousands of them would take minutes.
      return visit.BREAK
    },
    Collection: (_, node, ancestors) => {
      if (ancestors.filter((ancestor) => !isPair(ancestor)).length > MAX_DEPTH) {
        add(
          node as Node,
          'ERR_SCENARIO_DEPTH',
          `nested deeper than ${MAX_DEPTH} levels`,
          'Nest the values less deeply.',
        )
        return visit.BREAK
      }
      if (isMap(node)) checkKeys(node.items, add)
      return undefined
    },
    Scalar: (key, node) => {
      if (key !== 'key') checkNumber(node, add)
      return undefined
    },
  })
  return found
}

type Add = (node: Node, code: string, message: string, hint: string) => void

function checkKeys(pairs: readonly { key: unknown }[], add: Add): void {
  const seen = new Set<unknown>()
  for (const { key } of pairs) {
    if (isAlias(key)) add(key, 'ERR_SCENARIO_KEY', 'an alias is no key', 'Write the key out.')
    if (!isScalar(key)) continue
    const name = String(key.value)
    if (name === '__proto__') {
      add(key as Node, 'ERR_SCENARIO_KEY', 'the key `__proto__` is not allowed', 'Choose another name for the key.')
    } else if (name === '<<') {
      add(key as Node, 'ERR_SCENARIO_KEY', 'merge keys (`<<`) are not supported', 'Write the keys out.')
    } else if (seen.has(name)) {
      const message = `the key ${quote(name)} stands here a second time`
      add(key as Node, 'ERR_SCENARIO_DUPLICATE_KEY', message, 'Keep one of the two.')
    }
    seen.add(name)
  }
}

function checkNumber(node: { value: unknown; source?: string; range?: unknown }, add: Add): void {
  if (typeof node.value !== 'number') return
  const isExact = Number.isInteger(node.value)
    ? Number.isSafeInteger(node.value) || !/^[-+]?\d+$/.test(node.source ?? '')
    : true
  if (Number.isFinite(node.value) && isExact) return
  const message = `the number ${quote(node.source ?? String(node.value))} cannot be kept exactly`
  add(node as Node, 'ERR_SCENARIO_NUMBER', message, 'Quote it to make it a text, or write a smaller number.')
}
