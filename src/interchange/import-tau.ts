import { sha256 } from '../core/hash.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { ForeignFormat, ImportOptions, ImportResult } from './foreign-format.ts'
import { buildImport } from './trace/build-import.ts'
import { objectAt, objectsAt, text as textAt, textOf } from './trace/message.ts'
import { notOfFormat, parseTraceFile } from './trace/parse-trace-file.ts'
import { readMessages } from './trace/read-messages.ts'
import { readTurns, type Turn } from './trace/read-turns.ts'
import type { ForeignRun } from './trace/step.ts'
import { traceFormat } from './trace/trace-format.ts'

/**
 * Reads trajectories of tau-bench, and of AgentRx where they are in the same form: a list of `{ task_id, trial, reward, traj }`. Each
 * is a run. They tell no times, no tokens and no model.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TRACE`, and those of `parseTraceFile`
 */
function readTau(text: string, options: ImportOptions): ImportResult[] {
  const all = parseTraceFile(text, options.path)
    .flat()
    .filter(isJsonObject)
    .filter(({ traj }) => Array.isArray(traj))
  if (all.length === 0) throw notOfFormat('tau-bench trajectories', options.path, 'no item has a list traj')
  const runs = all.map(readRun)
  const source = { format: 'tau', digest: sha256(text), runs: runs.length }
  return runs.map((run) => buildImport(run, source, options))
}

function readRun(item: JsonObject): ForeignRun {
  const turns = objectsAt(item, 'traj').flatMap(readTurn)
  const [first] = turns.filter(({ message }) => message.role === 'user')
  const failed = textAt(objectAt(item, 'info') ?? {}, 'error')
  return {
    source_id: `task ${String(item.task_id)}, trial ${String(item.trial ?? 0)}`,
    steps: readTurns(turns),
    input: first === undefined ? undefined : textOf(first.message),
    ...(failed === undefined
      ? { stop_reason: stopReason(turns) }
      : { stop_reason: 'error', error: { name: /^[\w.]+/.exec(failed)?.[0] ?? 'Error', message: failed } }),
    remarks: [
      ...(failed === undefined ? [] : [{ code: 'run_error', message: failed }]),
      ...(typeof item.reward === 'number'
        ? [{ code: 'reward', message: `reward ${item.reward}`, data: { reward: item.reward, info: item.info ?? null } }]
        : []),
    ],
    unknown: ['which model answered'],
  }
}

function readTurn(raw: JsonObject): Turn[] {
  const [message] = readMessages([raw], 'user').messages
  if (message === undefined) return []
  const by = message.role === 'assistant' ? 'agent' : message.role === 'tool' ? 'tool' : 'other'
  return [{ message, by, at_ms: null }]
}

/** The simulated user says when it is done; a call that hands over to a person ends a run too. */
function stopReason(turns: readonly Turn[]): string | undefined {
  const last = turns.at(-1)
  if (last === undefined) return undefined
  if (textOf(last.message).includes('###STOP###')) return 'user_stop'
  return last.by === 'tool' &&
    turns.at(-2)?.message.parts.some((part) => part.type === 'tool_call' && /transfer/.test(part.name))
    ? 'transferred'
    : undefined
}

/** Of tau-bench and AgentRx. */
export const tauFormat: ForeignFormat = traceFormat(
  'tau',
  'tau-bench trajectories',
  (text) => /^\uFEFF?\s*[[{]/.test(text) && /"traj"\s*:\s*\[/.test(text),
  readTau,
)
