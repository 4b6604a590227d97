import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { Document, isMap, isScalar, type Scalar } from 'yaml'
import type { Recording } from '../../model/recording.ts'
import type { Signals } from '../../model/signal.ts'
import type { RunTrace } from '../../model/trace.ts'
import { findMissingKeys, type MissingKey } from './find-missing-keys.ts'
import { findRoles, type ProposedRoles } from './find-roles.ts'
import { oneLine } from './one-line.ts'
import { commentVolatile, type LearnedVolatile, proposedPaths, volatileLines } from './propose-volatile.ts'

export interface ProposeOptions {
  recording: Recording
  /** Where the recording is. */
  recordingPath: string
  trace: RunTrace
  signals: Signals
  /** `module#export`, relative to the working directory. @default the recording's own `agent_ref` */
  agentRef?: string | undefined
  /** What replays of the unchanged agent showed; without it, nothing is said of volatile fields. */
  learned?: LearnedVolatile | undefined
  /** Where the scenario will be written: its paths are relative to that folder, and its id is the file's name. */
  outPath: string
}

/**
 * Proposes a scenario for a run that went wrong: YAML text with comments that say what a person has to review.
 * It loads as it is when the run shows all three roles and its agent is known; otherwise what is missing stands in
 * it as a comment, and loading it fails until somebody has decided.
 */
export function proposeScenario(options: ProposeOptions): string {
  const { trace, signals, outPath, recordingPath } = options
  const roles = findRoles(trace, signals)
  const agent = findAgent(options)
  const keys = findMissingKeys(options.recording, recordedEnvironment(options.recording))
  const { trigger, cause, symptom } = roles
  const volatile = proposedPaths(options.learned)
  const incident = {
    ...(trigger && { trigger: trigger.role }),
    ...(cause && { cause: cause.role }),
    ...(symptom && { symptom: symptom.role }),
  }
  const document = new Document({
    id: toId(basename(outPath).replace(/\.ya?ml$/i, '')),
    title: toTitle(roles, trace),
    recording: toRelative(dirname(resolve(outPath)), resolve(recordingPath)),
    ...(agent !== null && { agent }),
    ...(Object.keys(incident).length > 0 && { incident }),
    replay: {
      ...(volatile.length > 0 && { volatile }),
      ...(keys.length > 0 && { env: Object.fromEntries(keys.map(({ name, value }) => [name, value])) }),
      on_divergence: 'fail',
    },
    candidates: [{ id: 'fix', ...(agent !== null && { agent }), expect: 'fixed' }],
  })
  addComments(document, options, roles, agent)
  commentKeys(document, keys)
  commentVolatile(document, options.learned)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

function recordedEnvironment({ runtime }: Recording): Record<string, string> {
  return { ...runtime.env, ...runtime.secret_env }
}

function commentKeys(document: Document, keys: MissingKey[]): void {
  if (keys.length === 0) return
  const hosts = [...new Set(keys.map(({ host }) => host))].join(', ')
  comment(
    document,
    ['replay', 'env'],
    [`REVIEW: the recording does not hold these; clients of ${hosts} do not start without. No key is sent anywhere.`],
  )
}

function comment(document: Document, path: (string | number)[], lines: string[]): void {
  const key = keyAt(document, path)
  if (!key || lines.length === 0) return
  key.commentBefore = lines.map((line) => ` ${oneLine(line, 300)}`).join('\n')
  if (path.length === 1) key.spaceBefore = true
}

function addComments(document: Document, options: ProposeOptions, roles: ProposedRoles, agent: string | null): void {
  const run = oneLine(options.trace.context.run_id, 100)
  document.commentBefore = ` Proposed from run ${run}. Nothing below is established: a person has to review it.`
  comment(document, ['title'], ['REVIEW: say in one line what went wrong.'])
  if (agent === null) {
    comment(
      document,
      ['replay'],
      [
        'DECIDE: the recording does not say which agent ran. Name it, here and in the candidate:',
        'agent: ./path/to/agent.ts#run',
        ...missingRoles(roles),
        ...missingInput(options),
        ...volatileLines(options.learned),
      ],
    )
  } else {
    comment(
      document,
      ['agent'],
      [
        'The unfixed agent, which has to reproduce the incident. Once the fix is merged, name the unfixed revision:',
        'baseline: { git: <tag or commit before the fix> }',
      ],
    )
    comment(document, ['replay'], [...missingRoles(roles), ...missingInput(options), ...volatileLines(options.learned)])
  }
  comment(
    document,
    ['incident'],
    ['REVIEW: the roles are read off the signals of the run, and a signal is a pointer, not the cause.'],
  )
  comment(
    document,
    ['candidates'],
    ['REVIEW: point the candidate at the fix. Until then the unfixed agent is on trial, and the gate fails.'],
  )
  for (const [name, meaning] of ROLES) {
    const node = document.getIn(['incident', name])
    if (!isMap(node)) continue
    node.flow = true
    comment(document, ['incident', name], [`${meaning} Observed: ${roles[name]?.observed}`])
  }
}

const ROLES = [
  ['trigger', 'What the world did.'],
  ['cause', 'What the agent did wrong because of it; a fix makes it go away.'],
  ['symptom', 'How the run ended, or what was seen of it from outside.'],
] as const

const EXAMPLES = {
  trigger: '{ span: tool_call:<tool>, error_class: timeout, at_least: 1 }',
  cause: '{ signal: repeated_tool_calls, tool: <tool>, at_least: 2 }',
  symptom: '{ signal: stop_reason, is: max_steps }',
}

function missingRoles(roles: ProposedRoles): string[] {
  const missing = ROLES.filter(([name]) => roles[name] === null)
  if (missing.length === 0) return []
  const all = missing.length === ROLES.length
  return [
    all
      ? 'DECIDE: no signal of this run is abnormal, so the tool cannot say what went wrong. Write all three roles:'
      : 'DECIDE: the run does not show these roles. Write them into `incident`:',
    ...(all ? ['incident:'] : []),
    ...missing.map(([name, meaning]) => `  ${name}: ${EXAMPLES[name]}   # ${meaning}`),
  ]
}

function missingInput({ recording }: ProposeOptions): string[] {
  if (recording.input !== null) return []
  return [
    'REVIEW: the recording does not say what the agent was called with, so it is called with null. If it takes an input:',
    'input: { … }',
  ]
}

function keyAt(document: Document, path: (string | number)[]): Scalar | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1))
  if (!isMap(parent)) return undefined
  const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path.at(-1))?.key
  return isScalar(key) ? key : undefined
}

function findAgent({ agentRef, recording, recordingPath, outPath }: ProposeOptions): string | null {
  const written = agentRef ?? recording.agent_ref
  if (written === undefined) return null
  const hash = written.lastIndexOf('#')
  const module = hash < 0 ? written : written.slice(0, hash)
  const base = agentRef === undefined ? dirname(resolve(recordingPath)) : process.cwd()
  return toRelative(dirname(resolve(outPath)), resolve(base, module)) + written.slice(module.length)
}

/** A path as a scenario writes it: relative, with `/`, and with a leading dot so that it reads as a file. */
function toRelative(from: string, to: string): string {
  const path = relative(from, to)
  if (isAbsolute(path)) return path
  const text = path.split(sep).join('/')
  return text.startsWith('.') ? text : `./${text}`
}

function toId(text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')
  return plain.replace(/^[-_]+/, '').slice(0, 64) || 'scenario'
}

function toTitle({ trigger, cause, symptom }: ProposedRoles, trace: RunTrace): string {
  const parts = [trigger, cause, symptom].flatMap((found) => (found ? [found.observed] : []))
  return oneLine(parts.length > 0 ? parts.join('; ') : `Run ${trace.context.run_id}`, 160)
}
