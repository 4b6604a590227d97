import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import {
  type FunctionInteraction,
  type HttpInteraction,
  type Interaction,
  payloadBytes,
} from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { RecordContext } from '../../src/record/open-session.ts'
import { record } from '../../src/record/record.ts'
import { readRecording } from '../../src/recording/read-recording.ts'

/** A folder of its own, removed when the test ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retrial-record-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Records `fn` in this process and reads the recording, which has to be sealed. */
export async function recordHere<T>(
  fn: () => T | Promise<T>,
  context: RecordContext = {},
): Promise<{ result: T; recording: Recording; folder: string }> {
  const folder = makeFolder()
  const out = join(folder, 'run.jsonl')
  const result = await record({ out, ...context }, fn)
  return { result, recording: await readRecording(context.out ?? out), folder }
}

/** The one interaction of a recording, over HTTP. */
export function onlyHttp(recording: Recording): HttpInteraction {
  expect(recording.interactions).toHaveLength(1)
  return recording.interactions[0] as HttpInteraction
}

export function httpOf(recording: Recording): HttpInteraction[] {
  return recording.interactions.filter((one): one is HttpInteraction => one.kind === 'http')
}

export function functionsOf(recording: Recording): FunctionInteraction[] {
  return recording.interactions.filter((one): one is FunctionInteraction => one.kind !== 'http')
}

/** What is recorded of the wrapped calls of a run, without times. */
export async function recordCalls(fn: () => unknown): Promise<{ result: unknown; calls: unknown[] }> {
  const { result, recording } = await recordHere(fn)
  const calls = functionsOf(recording).map(({ kind, name, args, value, lossy, sync, parent, end }) => {
    const { kind: ended, error } = end ?? { kind: null }
    return { kind, name, args, value, lossy, sync, parent, ended, error }
  })
  return { result, calls }
}

/** `door METHOD /path end` of an HTTP interaction, without what differs from run to run. */
export function lineOf(one: Interaction): string {
  if (one.kind !== 'http') return `${one.kind} ${one.name} ${one.end?.kind}`
  const { pathname, search } = new URL(one.request.url)
  return `${one.door} ${one.request.method} ${pathname}${search} ${one.answer?.status} ${one.end?.kind}`
}

/** The bytes of a request's body; null without one. */
export function requestBytes(one: HttpInteraction): Buffer | null {
  return one.request.body === null ? null : payloadBytes(one.request.body)
}

/** The bytes of an answer's body. */
export function answerBytes(one: HttpInteraction): Buffer {
  return Buffer.concat((one.answer?.chunks ?? []).map(([, data]) => payloadBytes(data)))
}

/** What a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: unknown; cause?: unknown }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { code?: unknown; cause?: unknown }
  }
  throw new Error('nothing was thrown')
}
