import { isJsonObject } from '../../core/json.ts'
import type { ScenarioPath } from '../scenario.ts'
import { scenarioJsonSchema } from '../scenario-schema.ts'

/** The keys that a mapping at this path may have. */
export function knownKeys(path: ScenarioPath): string[] {
  let schemas: unknown[] = [scenarioJsonSchema()]
  for (const step of path) schemas = schemas.flatMap((schema) => childSchemas(schema, step))
  return [...new Set(schemas.flatMap(keysOf))]
}

/** The first mapping of the schema that has this key, as a dotted path; null when none has it. The root is ``. */
export function findHome(key: string): string | null {
  const queue: { schema: unknown; path: string }[] = [{ schema: scenarioJsonSchema(), path: '' }]
  for (const { schema, path } of queue) {
    for (const [name, child] of propertiesOf(schema)) {
      if (name === key) return path
      queue.push({ schema: child, path: path === '' ? name : `${path}.${name}` })
    }
    if (isJsonObject(schema) && schema.items) queue.push({ schema: schema.items, path: `${path}[]` })
  }
  return null
}

function alternatives(schema: unknown): unknown[] {
  return isJsonObject(schema) && Array.isArray(schema.anyOf) ? schema.anyOf.flatMap(alternatives) : [schema]
}

function propertiesOf(schema: unknown): [string, unknown][] {
  return alternatives(schema).flatMap((one) =>
    isJsonObject(one) && isJsonObject(one.properties) ? Object.entries(one.properties) : [],
  )
}

const keysOf = (schema: unknown): string[] => propertiesOf(schema).map(([name]) => name)

function childSchemas(schema: unknown, step: string | number): unknown[] {
  if (typeof step === 'number') {
    return alternatives(schema).flatMap((one) => (isJsonObject(one) && one.items ? [one.items] : []))
  }
  return propertiesOf(schema).flatMap(([name, child]) => (name === step ? [child] : []))
}
