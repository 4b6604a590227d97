import { existsSync } from 'node:fs'
import type { HttpInteraction, Interaction } from '../../model/interaction.ts'
import type { Recording } from '../../model/recording.ts'
import { readModelRequest } from '../../providers/registry.ts'
import { pinRecording } from '../../recording/lock-file.ts'
import { readRecording } from '../../recording/read-recording.ts'
import { createRedactor } from '../../recording/redact/create-redactor.ts'
import { saveRecording } from '../../recording/save-recording.ts'
import { askLive } from './ask-live.ts'
import { findLiveTarget, type LiveKind } from './live-target.ts'

/** What may be asked, and how much of it, in one run of the command. Shared by all scenarios. */
export interface LiveBudget {
  kind: LiveKind
  /** Calls and tokens that are left; they count down. */
  calls: number
  tokens: number
  env: Readonly<Record<string, string | undefined>>
}

/** Whether the overlay holds one answer more than before; and if not, why. */
export type LiveOutcome = { answered: true } | { answered: false; why: string }

/** Characters that a token has at least, for a cautious guess. */
const CHARACTERS_A_TOKEN = 4

/**
 * Gets what a replay asked and nothing holds from the real system, one question at a time, and pins it in the scenario's overlay.
 * The replays themselves stay offline.
 */
export class LiveDesk {
  readonly #overlay: string
  readonly #recording: Recording
  readonly #budget: LiveBudget
  #turn: Promise<unknown> = Promise.resolve()
  #version = 0

  constructor(overlay: string, recording: Recording, budget: LiveBudget) {
    this.#overlay = overlay
    this.#recording = recording
    this.#budget = budget
  }

  /** Grows with each answer: a replay that was begun before may find its own now. */
  get version(): number {
    return this.#version
  }

  /** Has a question answered; one after the other. Never rejects. */
  answer(question: Interaction, version: number): Promise<LiveOutcome> {
    const turn = this.#turn.then(() => this.#answer(question, version))
    const settled = turn.catch((error: unknown) => ({
      answered: false as const,
      why: `the real system gave no answer: ${error instanceof Error ? describe(error) : String(error)}`,
    }))
    this.#turn = settled
    return settled
  }

  async #answer(question: Interaction, version: number): Promise<LiveOutcome> {
    // Another candidate may have asked the same meanwhile.
    if (version !== this.#version) return { answered: true }
    if (question.kind !== 'http') {
      return no(
        `${question.kind} ${question.name} is a wrapped function, which runs in the agent only: stub it instead`,
      )
    }
    const target = findLiveTarget(question, this.#budget.env)
    if ('refused' in target) return no(target.refused)
    const { kind } = this.#budget
    if (kind !== 'all' && kind !== target.kind)
      return no(`it is asked of ${target.kind}, and --live ${kind} allows ${kind} only`)
    const refused = this.#refuse(question)
    if (refused !== null) return no(refused)
    this.#budget.calls -= 1
    const held = await this.#held()
    const began = held.at(-1)?.started_ms ?? 0
    const answered = await askLive(question, target, began)
    const status = answered.answer?.status ?? 0
    if (status >= 300) return no(`the real system answered with status ${status}, which is not pinned`)
    this.#budget.tokens -= tokensOf(answered)
    this.#save([...held, { ...answered, id: `c${held.length + 1}` }])
    this.#version++
    return { answered: true }
  }

  /** Why the budget does not reach; null when it does. */
  #refuse(question: HttpInteraction): string | null {
    const { calls, tokens } = this.#budget
    if (calls <= 0) return 'the budget of calls is used up: raise --live-calls'
    const about = guessTokens(question)
    return about <= tokens ? null : `it takes some ${about} tokens, and ${tokens} are left: raise --live-tokens`
  }

  async #held(): Promise<Interaction[]> {
    return existsSync(this.#overlay) ? (await readRecording(this.#overlay, { mode: 'strict' })).interactions : []
  }

  #save(interactions: Interaction[]): void {
    const { run, runtime, redaction } = this.#recording
    const last = interactions.at(-1)
    const recording: Recording = {
      format: 'retrial/1',
      run: { ...run, run_id: `${run.run_id}-live`, started_at: Date.now() },
      input: null,
      runtime,
      redaction,
      interactions,
      notes: [],
      finish: {
        at_ms: (last?.started_ms ?? 0) + (last?.end?.offset_ms ?? 0),
        stop_reason: 'completed',
        output: null,
        error: null,
      },
      integrity: 'sealed',
    }
    // The keys that were just used are secrets of this machine.
    const redactor = redaction === null ? undefined : createRedactor({ salt: redaction.salt, env: this.#budget.env })
    saveRecording(this.#overlay, recording, { overwrite: true, ...(redactor && { redactor }) })
    pinRecording(this.#overlay)
  }
}

function no(why: string): LiveOutcome {
  return { answered: false, why }
}

/** Node says `fetch failed` and keeps the reason to the cause. */
function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

/** About how many tokens a question takes, its answer not counted. */
export function guessTokens({ request: { body } }: HttpInteraction): number {
  return body === null ? 0 : Math.ceil(('text' in body ? body.text : body.base64).length / CHARACTERS_A_TOKEN)
}

function tokensOf(interaction: HttpInteraction): number {
  const { answer, request } = interaction
  const usage = answer === null ? null : (readModelRequest(request)?.protocol.readAnswer(answer).usage ?? null)
  return usage === null ? guessTokens(interaction) : usage.input_tokens + usage.output_tokens
}
