import { basename, dirname, resolve } from 'node:path'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Stub } from '../model/evidence.ts'
import { parseAgentRef } from './checks/agent-ref.ts'
import type { Locate } from './positions.ts'
import type { AgentSource, ModuleAgent, Scenario, ScenarioCandidate } from './scenario.ts'
import type { ScenarioFile } from './scenario-schema.ts'

interface AgentFields {
  agent?: string | undefined
  git?: string | undefined
  params?: Record<string, unknown> | undefined
  env?: Record<string, string> | undefined
}

/** Makes paths absolute and fills in what one part of the file inherits from another. The file has been checked. */
export function resolveScenario(content: ScenarioFile, file: string, locate: Locate): Scenario {
  const dir = dirname(file)
  const { id, title, severity, owner, input, incident, replay, verify } = content
  const toAgent = (fields: AgentFields): ModuleAgent => resolveAgent(fields, content, dir)
  const agent = content.agent === undefined ? null : toAgent({})
  return {
    id,
    title,
    ...(severity && { severity }),
    ...(owner !== undefined && { owner }),
    file,
    dir,
    recording: resolve(dir, content.recording),
    evidence: content.evidence.map((path) => resolve(dir, path)),
    stubs: content.stubs as Stub[],
    overlay: resolve(dir, `${basename(file).replace(/\.ya?ml$/, '')}.live.jsonl`),
    agent,
    baseline: resolveBaseline(content, toAgent),
    input: input as JsonValue | undefined,
    incident,
    replay: replay.scratch === undefined ? replay : { ...replay, scratch: resolve(dir, replay.scratch) },
    candidates: resolveCandidates(content, toAgent),
    verify,
    positions: (path) => locate(path),
  }
}

function resolveAgent(fields: AgentFields, content: ScenarioFile, dir: string): ModuleAgent {
  const written = fields.agent ?? content.agent ?? ''
  const ref = parseAgentRef(written)
  if ('message' in ref) throw new TypeError(`unchecked agent ${written}`)
  return {
    kind: 'module',
    label: fields.git === undefined ? written : `${written} at ${fields.git}`,
    module: resolve(dir, ref.module),
    export: ref.export,
    git: fields.git ?? null,
    params: fields.params as JsonObject | undefined,
    env: { ...content.replay.env, ...fields.env },
  }
}

function resolveBaseline(content: ScenarioFile, toAgent: (fields: AgentFields) => ModuleAgent): AgentSource {
  const { baseline } = content
  if (baseline === 'recorded') {
    return { kind: 'recorded', label: 'recorded', params: undefined, env: { ...content.replay.env } }
  }
  return toAgent(typeof baseline === 'string' ? { agent: baseline } : (baseline ?? {}))
}

function resolveCandidates(content: ScenarioFile, toAgent: (fields: AgentFields) => ModuleAgent): ScenarioCandidate[] {
  const { on_divergence } = content.replay
  if (content.candidates.length === 0) {
    return [{ id: 'current', title: 'current', agent: toAgent({}), expect: 'fixed', on_divergence }]
  }
  return content.candidates.map((candidate) => ({
    id: candidate.id,
    title: candidate.title ?? candidate.id,
    agent: toAgent(candidate),
    expect: candidate.expect,
    on_divergence: candidate.on_divergence ?? on_divergence,
  }))
}
