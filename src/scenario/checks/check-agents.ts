import { posix } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Finding } from '../finding.ts'
import type { ScenarioPath } from '../scenario.ts'
import { findEnvNameProblem, findGitRefProblem, parseAgentRef, type RefProblem } from './agent-ref.ts'
import { quote, suggest } from './suggest.ts'

/** Checks who is named as agent, baseline and candidate. `file` may still have the wrong shape. */
export function checkAgents(file: JsonObject): Finding[] {
  const candidates = Array.isArray(file.candidates) ? file.candidates : []
  const baseline = isJsonObject(file.baseline) ? file.baseline : {}
  return [
    ...checkRef(file.agent, ['agent']),
    ...checkBaseline(file),
    ...checkFields(baseline, ['baseline']),
    ...candidates.flatMap((candidate, i) => checkFields(candidate, ['candidates', i])),
    ...candidates.flatMap((candidate, i) => checkCandidateAgent(file, candidate, i)),
    ...checkEnv(isJsonObject(file.replay) ? file.replay.env : undefined, ['replay', 'env']),
    ...checkDuplicates(candidates),
    ...checkAnyCandidate(file),
  ]
}

function checkFields(fields: JsonValue, path: ScenarioPath): Finding[] {
  if (!isJsonObject(fields)) return []
  const git = typeof fields.git === 'string' ? findGitRefProblem(fields.git) : null
  return [
    ...checkRef(fields.agent, [...path, 'agent']),
    ...(git ? [finding('ERR_SCENARIO_GIT_REF', git, [...path, 'git'])] : []),
    ...checkEnv(fields.env, [...path, 'env']),
  ]
}

function checkRef(value: JsonValue | undefined, path: ScenarioPath): Finding[] {
  if (typeof value !== 'string') return []
  if (value === 'recorded') {
    const problem = { message: '`recorded` can only be the baseline', hint: 'Name a module: `./agent.ts#run`.' }
    return [finding('ERR_SCENARIO_AGENT_REF', problem, path)]
  }
  const ref = parseAgentRef(value)
  return 'message' in ref ? [finding('ERR_SCENARIO_AGENT_REF', ref, path)] : []
}

function checkBaseline(file: JsonObject): Finding[] {
  const { baseline, agent } = file
  const path = ['baseline']
  if (typeof baseline === 'string') {
    if (baseline === 'recorded') return []
    const isTypo = !baseline.includes('#') && suggest(baseline, ['recorded']) !== null
    const problem = { message: `${quote(baseline)} names no baseline`, hint: 'Did you mean `recorded`?' }
    return isTypo ? [finding('ERR_SCENARIO_AGENT_REF', problem, path)] : checkRef(baseline, path)
  }
  if (agent !== undefined) return []
  if (baseline === undefined) {
    const message = 'no baseline: the file names neither `agent` nor `baseline`'
    const hint = 'Add `agent: ./agent.ts#run`, or `baseline: recorded`.'
    return [{ code: 'ERR_SCENARIO_NO_BASELINE', message, hint, path }]
  }
  if (!isJsonObject(baseline) || baseline.agent !== undefined) return []
  const message = 'the baseline names no module, and the scenario has no `agent` to take it from'
  return [{ code: 'ERR_SCENARIO_NO_AGENT', message, hint: 'Add `agent: ./agent.ts#run` at the top level.', path }]
}

function checkCandidateAgent(file: JsonObject, candidate: JsonValue, i: number): Finding[] {
  if (file.agent !== undefined || !isJsonObject(candidate) || candidate.agent !== undefined) return []
  const message = `candidate ${quote(String(candidate.id ?? i))} names no module, and the scenario has no \`agent\` to take it from`
  const hint = 'Add `agent: ./fix.ts#run` to the candidate, or `agent:` at the top level.'
  return [{ code: 'ERR_SCENARIO_NO_AGENT', message, hint, path: ['candidates', i] }]
}

function checkEnv(env: JsonValue | undefined, path: ScenarioPath): Finding[] {
  return Object.keys(isJsonObject(env) ? env : {}).flatMap((name) => {
    const problem = findEnvNameProblem(name)
    return problem ? [{ ...finding('ERR_SCENARIO_ENV', problem, [...path, name]), atKey: true }] : []
  })
}

function checkDuplicates(candidates: JsonValue[]): Finding[] {
  const seen = new Set<JsonValue>()
  return candidates.flatMap((candidate, i) => {
    const id = isJsonObject(candidate) ? candidate.id : undefined
    if (typeof id !== 'string') return []
    if (!seen.has(id)) {
      seen.add(id)
      return []
    }
    const problem = {
      message: `two candidates have the id ${quote(id)}`,
      hint: 'Give each candidate an id of its own.',
    }
    return [finding('ERR_SCENARIO_DUPLICATE_CANDIDATE', problem, ['candidates', i, 'id'])]
  })
}

/** Without candidates the agent itself is on trial, and a trial of the baseline against itself proves nothing. */
function checkAnyCandidate(file: JsonObject): Finding[] {
  const isEmpty = file.candidates === undefined || (Array.isArray(file.candidates) && file.candidates.length === 0)
  if (!isEmpty) return []
  const isTried = file.agent !== undefined && file.baseline !== undefined
  if (isTried && identityOf(file.agent, file.agent) !== identityOf(file.baseline, file.agent)) return []
  const problem = {
    message: 'nothing is on trial: there is no candidate, and `agent` does not differ from `baseline`',
    hint: 'Add one to `candidates`, or name the unfixed agent as `baseline`, such as `{ git: v1.4.2 }`.',
  }
  return [finding('ERR_SCENARIO_NO_CANDIDATE', problem, ['candidates'])]
}

function identityOf(value: JsonValue | undefined, agent: JsonValue | undefined): string {
  const fields: JsonObject = isJsonObject(value) ? value : { agent: value ?? null }
  const module = fields.agent ?? agent ?? null
  const known = { git: null, params: null, env: {}, ...fields }
  return canonicalJson({ ...known, agent: typeof module === 'string' ? posix.normalize(module) : module })
}

function finding(code: string, problem: RefProblem, path: ScenarioPath): Finding {
  return { code, message: problem.message, hint: problem.hint, path }
}
