import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { placeOf } from '../boundary/world/call-site.ts'
import { RetrialError } from '../core/errors.ts'

/** Code of the error for an agent that cannot be loaded. */
export const NOT_LOADED = 'ERR_REPLAY_AGENT'

/** An agent that was loaded, ready to be called. */
export type LoadedAgent = (...args: unknown[]) => unknown

/**
 * Loads a module and takes the agent from it: the export of that name, else the member of that name of what the module exports by
 * default, which is what `module.exports` of CommonJS comes to.
 *
 * @throws ERR_REPLAY_AGENT when there is no such module, it cannot be loaded, or it exports no function of that name.
 */
export async function loadAgent({
  module: path,
  export: name,
}: {
  module: string
  export: string
}): Promise<LoadedAgent> {
  if (!existsSync(path)) {
    throw refuse(`There is no agent at ${path}.`, 'Correct the path of the agent in the scenario.')
  }
  let loaded: Record<string, unknown>
  try {
    loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  } catch (error) {
    throw refuse(`The agent ${path} cannot be loaded: ${explain(error)}`, adviseOn(error), error)
  }
  const owners = ownersOf(loaded)
  for (const owner of owners) {
    const agent = read(owner, name)
    if (typeof agent === 'function')
      return (...args) => Reflect.apply(agent, owner === loaded ? undefined : owner, args)
  }
  const names = [...new Set(owners.flatMap(listFunctions))]
  const hint =
    names.length === 0 ? 'Export the function that runs the agent.' : `Name one of its functions: ${names.join(', ')}.`
  throw refuse(`The module ${path} exports no function \`${name}\`.`, hint)
}

/** What exports are looked for in: the module itself, then what it exports by default. */
function ownersOf(loaded: Record<string, unknown>): object[] {
  const byDefault = loaded.default
  const isOwner = (typeof byDefault === 'object' && byDefault !== null) || typeof byDefault === 'function'
  return isOwner ? [loaded, byDefault] : [loaded]
}

/** A member of its own or of its class; not what every object or function has. */
function read(owner: object, name: string): unknown {
  const isCommon = name in Object.prototype || name in Function.prototype
  if (isCommon && !Object.hasOwn(owner, name)) return undefined
  try {
    return (owner as Record<string, unknown>)[name]
  } catch {
    // A getter that throws gives no function.
    return undefined
  }
}

function listFunctions(owner: object): string[] {
  const names = Object.keys(owner).filter((key) => key !== 'module.exports')
  return names.filter((name) => typeof read(owner, name) === 'function')
}

/** What went wrong and where, as a sentence. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return endSentence(String(error))
  const place = placeOfFailure(error)
  return endSentence(`${error.message}${place === null ? '' : `, at ${place}`}`)
}

/** Where a module is at fault: Node writes the place of what it cannot parse above the stack. */
function placeOfFailure(error: Error): string | null {
  const stack = String(error.stack)
  return /^(?:file:\/\/)?(\/\S+:\d+|[A-Za-z]:\\\S+:\d+)\n/.exec(stack)?.[1] ?? placeOf({ stack })
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function adviseOn(error: unknown): string {
  const { code } = (error ?? {}) as { code?: string }
  if (code === 'ERR_MODULE_NOT_FOUND')
    return 'Install the agent’s dependencies, or correct the import that the message names.'
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Build the agent to JavaScript first: it uses TypeScript that Node cannot strip.'
  return 'Run the module by itself to see the error.'
}

function refuse(message: string, hint: string, cause?: unknown): RetrialError {
  return new RetrialError(NOT_LOADED, message, { hint, cause })
}
