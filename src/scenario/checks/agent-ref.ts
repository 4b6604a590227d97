import { quote } from './suggest.ts'

/** A module, as written, and its export. */
export interface AgentRef {
  module: string
  export: string
}

export interface RefProblem {
  message: string
  hint: string
}

/** Takes `module#export` apart, or says what is wrong with it. */
export function parseAgentRef(text: string): AgentRef | RefProblem {
  const hash = text.lastIndexOf('#')
  const module = hash < 0 ? text : text.slice(0, hash)
  const name = hash < 0 ? '' : text.slice(hash + 1)
  const hint = 'Write `./path/to/agent.ts#run`: a module relative to the scenario, `#`, and its export.'
  if (hash < 0) return { message: `${quote(text)} names no export`, hint }
  if (module.trim() === '') return { message: `${quote(text)} names no module`, hint }
  if (/^[a-z][a-z0-9+.-]+:/i.test(module)) return { message: `${quote(text)} is a URL, not a file`, hint }
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return { message: `${quote(name)} is no name of an export`, hint }
  return { module, export: name }
}

/** Says what is wrong with a git revision, or null. A leading `-` would be read as an option by git. */
export function findGitRefProblem(text: string): RefProblem | null {
  const isRef = /^[^-\s:][^\s:\p{Cc}]*$/u.test(text) && !text.includes('..')
  if (isRef) return null
  return { message: `${quote(text)} is no git revision`, hint: 'Name one branch, tag or commit, such as `v1.4.2`.' }
}

/** Says what is wrong with the name of an environment variable, or null. */
export function findEnvNameProblem(name: string): RefProblem | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return {
      message: `${quote(name)} is no name of an environment variable`,
      hint: 'Use letters, digits and `_`, and do not begin with a digit.',
    }
  }
  if (name.toUpperCase() !== 'NODE_OPTIONS' && !name.toUpperCase().startsWith('RETRIAL_')) return null
  return {
    message: `${quote(name)} belongs to the harness: a scenario that sets it could switch the isolation of replays off`,
    hint: 'Remove it from `env`.',
  }
}
