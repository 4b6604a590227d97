import { readFileSync, writeFileSync } from 'node:fs'
import { type Document, isSeq, parseDocument } from 'yaml'
import type { Stub } from '../model/evidence.ts'
import { parseScenario } from './load-scenario.ts'

/**
 * Writes a stub into a scenario file, behind those that it has; all else in it stays as it is, comments included.
 *
 * @throws ScenarioError when the file would not be a scenario any more; then it stays as it was.
 */
export function addStub(file: string, stub: Partial<Stub>): void {
  append(file, ['stubs'], [JSON.parse(JSON.stringify(stub))])
}

/** The lists under `replay` that say what a verdict may pass over. */
export type Leniency = 'accept' | 'volatile'

/**
 * Writes names of sources under `replay.accept`, or paths under `replay.volatile`, of a scenario file; all else in it stays as it is.
 *
 * @returns those that were not there yet
 * @throws ScenarioError when one of them cannot stand there; then the file stays as it was.
 */
export function addLeniency(file: string, key: Leniency, names: readonly string[]): string[] {
  const present = parseScenario(readFileSync(file, 'utf8'), file).replay[key]
  const missing = [...new Set(names)].filter((name) => !present.includes(name))
  if (missing.length > 0) append(file, ['replay', key], missing)
  return missing
}

/**
 * Sets `verify.accept_bypass` in a scenario file; all else in it stays as it is.
 *
 * @returns false when it was set already
 */
export function acceptBypass(file: string): boolean {
  if (parseScenario(readFileSync(file, 'utf8'), file).verify.accept_bypass) return false
  const document = parseDocument(readFileSync(file, 'utf8'))
  document.setIn(['verify', 'accept_bypass'], true)
  save(file, document)
  return true
}

function append(file: string, path: string[], values: unknown[]): void {
  const document = parseDocument(readFileSync(file, 'utf8'))
  const list = document.getIn(path)
  if (isSeq(list)) for (const value of values) list.add(document.createNode(value))
  else document.setIn(path, document.createNode(values))
  save(file, document)
}

function save(file: string, document: Document): void {
  const text = document.toString({ lineWidth: 120 })
  parseScenario(text, file)
  writeFileSync(file, text)
}
