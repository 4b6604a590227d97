import type { ChanceSource } from '../model/verdict.ts'
import { createReason, type VerifyReason } from './reason-codes.ts'

/** Says of each source that may have decided a run what it is, where it was looked at, and how to settle it. */
export function describeSources(sources: readonly ChanceSource[]): VerifyReason[] {
  return sources
    .filter(({ settled }) => settled === null)
    .map(({ name, at }) => {
      const place = at === null ? '' : ` at ${at}`
      return createReason('unrecorded_source', `${describeSource(name, place)}. ${adviseOn(name)}`, { name, at })
    })
}

/** What the run takes for granted of the others. */
export function assumeSources(sources: readonly ChanceSource[]): string[] {
  return sources.flatMap(({ name, settled }) =>
    settled === null ? [] : [`${name} ${IN_SHORT[name.split(':')[0] ?? ''] ?? 'is not in the recording'}: ${settled}`],
  )
}

const IN_SHORT: Record<string, string> = { code: 'did not run', unwrapped: 'is called outside of its wrapper' }

function describeSource(name: string, place: string): string {
  const [kind = '', ...rest] = name.split(':')
  const what = rest.join(' ')
  if (kind === 'code') {
    return `the code of ${what} is not that of the unfixed agent, and did not run: the recording answered in its place`
  }
  if (kind === 'unwrapped') {
    return `what was recorded within the wrapped function ${what} is asked outside of it${place}, so its calls are not seen`
  }
  if (kind === 'mcp')
    return `the wrapped transport to ${what} was opened for real${place}, and the recording does not hold it`
  return `${describeKind(name)}${place}, and the recording does not hold it`
}

function describeKind(name: string): string {
  const [kind = '', ...rest] = name.split(':')
  const what = rest.join(':')
  switch (kind) {
    case 'file':
      return `the agent reads ${what}`
    case 'env':
      return what === '*' ? 'the agent lists all variables of its environment' : `the agent reads the variable ${what}`
    case 'random':
      return `the agent draws more by ${what} than was recorded`
    case 'os':
      return `the agent asks the machine for ${what}`
  }
  return `the wrapped ${kind} ${what} ran for real`
}

/** One sentence that says how to settle a source. */
export function adviseOn(name: string): string {
  const accept = `accept it: replay: { accept: ['${name.replaceAll("'", "''")}'] }`
  if (name.startsWith('env:') && name !== 'env:*') {
    return `Say what it was: replay: { env: { ${name.slice('env:'.length)}: … } }, record it anew with that variable kept, or ${accept}`
  }
  if (name.startsWith('file:'))
    return `Keep the file with the sources of the agent, pass its content as input, or ${accept}`
  if (name.startsWith('random:')) return `Say what is drawn: replay: { seed: … }, or ${accept}`
  // What a wrapped model does is the model's: there is no inside to answer.
  if (name.startsWith('code:model:')) return `Record the run anew with it, or ${accept}`
  if (name.startsWith('code:')) {
    return `Let it run and answer its own calls: replay: { tools: { ${name.slice('code:'.length)}: inside } }, or ${accept}`
  }
  if (name.startsWith('unwrapped:')) return `Wrap it as the recorded run did, or ${accept}`
  if (name.startsWith('os:')) return `Pass the value as input, or ${accept}`
  return `Load the agent with the copy of retrial that replays it, or ${accept}`
}
