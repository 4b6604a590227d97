import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import type { Position, ScenarioPath } from './scenario.ts'

/** Where a value stands, or with `atKey` where its key stands. */
export type Locate = (path: ScenarioPath, atKey?: boolean) => Position

/**
 * Finds places by path. A scalar or flow collection stands where it begins, a block collection where its key does;
 * a path that the file does not hold stands where its nearest parent does.
 */
export function createPositions(document: Document, at: (offset: number) => Position): Locate {
  return (path, atKey = false) => {
    let node: unknown = document.contents
    let place = startOf(node) ?? 0
    for (const [depth, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document)
      const child = childOf(node, step)
      if (!child) break
      node = child.value
      const valueStart = isPointable(node) ? startOf(node) : undefined
      const isLast = depth === path.length - 1
      place = (isLast && atKey ? undefined : valueStart) ?? startOf(child.key) ?? startOf(node) ?? place
    }
    return at(place)
  }
}

interface Child {
  key: unknown
  value: unknown
}

function childOf(node: unknown, step: string | number): Child | undefined {
  if (isMap(node)) return node.items.find((pair) => isScalar(pair.key) && pair.key.value === String(step))
  if (isSeq(node) && typeof step === 'number' && step < node.items.length) return { key: null, value: node.items[step] }
  return undefined
}

/** Block collections begin at their first key and empty values nowhere: their own key says more. */
function isPointable(node: unknown): boolean {
  if (isScalar(node)) return node.range !== undefined && node.range !== null && node.range[0] < node.range[1]
  if (isMap(node) || isSeq(node)) return node.flow === true
  return isAlias(node)
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}
