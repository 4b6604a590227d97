import { readFileSync, writeFileSync } from 'node:fs'
import { isSeq, parseDocument } from 'yaml'
import type { Stub } from '../model/evidence.ts'
import { parseScenario } from './load-scenario.ts'

/**
 * Writes a stub into a scenario file, behind those that it has; all else in it stays as it is, comments included.
 *
 * @throws ScenarioError when the file would not be a scenario any more.
 */
export function addStub(file: string, stub: Partial<Stub>): void {
  const document = parseDocument(readFileSync(file, 'utf8'))
  const node = document.createNode(JSON.parse(JSON.stringify(stub)))
  const stubs = document.get('stubs')
  if (isSeq(stubs)) stubs.add(node)
  else document.set('stubs', document.createNode([node]))
  const text = document.toString({ lineWidth: 120 })
  parseScenario(text, file)
  writeFileSync(file, text)
}
