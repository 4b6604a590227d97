import { dirname, resolve } from 'node:path'
import type { Recording } from '../model/recording.ts'
import { buildReplayEnvironment } from '../replay/replay-environment.ts'
import { createReplayPool } from '../replay/replay-pool.ts'
import { parseAgentRef } from '../scenario/checks/agent-ref.ts'
import { findMissingKeys } from '../scenario/propose/find-missing-keys.ts'
import type { LearnedVolatile } from '../scenario/propose/propose-volatile.ts'
import { learnVolatile } from './learn-volatile.ts'
import { findFolder } from './resolve-agent.ts'

/** Budgets of a replay, as a scenario has them that says nothing, ms. */
const MAX_REAL_MS = 30_000
const MAX_VIRTUAL_MS = 86_400_000

interface UnchangedAgent {
  recording: Recording
  /** Where the recording is. */
  recordingPath: string
  /** `module#export`, relative to the working folder; default: what the recording names. */
  agentRef?: string | undefined
}

/** Learns the volatile fields of a recorded run from replays of the agent that it names. Never rejects. */
export async function learnFromRecording(
  agent: UnchangedAgent,
  folders: { cacheDir: string; workDir: string; outDir: string },
): Promise<LearnedVolatile> {
  const { recording, recordingPath, agentRef } = agent
  const ref = parseAgentRef(agentRef ?? recording.agent_ref ?? '')
  const nothing = { fields: [], replays: 0 }
  if ('message' in ref) return { ...nothing, problem: 'the recording names no agent' }
  const pool = createReplayPool({ ahead: 2, ...folders })
  try {
    const module = resolve(agentRef === undefined ? dirname(recordingPath) : process.cwd(), ref.module)
    const keys = findMissingKeys(recording, { ...recording.runtime.env, ...recording.runtime.secret_env })
    return await learnVolatile({
      recording,
      pool,
      outDir: folders.outDir,
      max_real_ms: MAX_REAL_MS,
      job: {
        recording: recordingPath,
        mode: recording.integrity === 'sealed' ? 'strict' : 'prefix',
        agent: { module, export: ref.export },
        agent_ref: agentRef ?? recording.agent_ref ?? '',
        input: recording.input,
        env: buildReplayEnvironment(recording, Object.fromEntries(keys.map(({ name, value }) => [name, value]))),
        cwd: findFolder(recordingPath, recording).cwd,
        max_virtual_ms: MAX_VIRTUAL_MS,
        isolation: { sandbox: 'auto' },
      },
    })
  } catch (error) {
    return { ...nothing, problem: String((error as Error)?.message ?? error) }
  } finally {
    pool.close()
  }
}
