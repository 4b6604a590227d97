import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { RetrialError } from '../core/errors.ts'
import { parseJson } from '../core/json.ts'
import type { Recording } from '../model/recording.ts'
import { type WorldFile, worldFileSchema } from '../model/world.ts'

/** Keeps a world, so that it can be replayed. A file that is there is replaced. Its paths are absolute here. */
export async function saveWorld(path: string, file: WorldFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const evidence = file.evidence.map((one) => relative(dirname(resolve(path)), one))
  const draft = `${path}.${process.pid}.part`
  await writeFile(draft, `${JSON.stringify({ ...file, evidence }, null, 2)}\n`)
  await rename(draft, path)
}

/**
 * Reads a world that was kept.
 *
 * @throws RetrialError `ERR_TRIAL_WORLD` when the file cannot be read or holds no world.
 */
export function readWorld(path: string): WorldFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw refuse(path, (cause as Error).message, 'Name the file that `retrial verify` printed.', cause)
  }
  const parsed = worldFileSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue?.path.join('.') || 'the file'
    throw refuse(path, `${place}: ${issue?.message ?? 'no world'}`, 'Run `retrial verify` again, which writes it anew.')
  }
  const { evidence } = parsed.data
  return { ...parsed.data, evidence: evidence.map((one) => resolve(dirname(path), one)) }
}

/**
 * Makes sure that a world is one of this recording.
 *
 * @throws RetrialError `ERR_TRIAL_WORLD` when it is not.
 */
export function checkWorld(path: string, file: WorldFile, recording: Recording): void {
  if (file.recording === recording.digest) return
  throw refuse(path, 'it belongs to another recording', 'Run `retrial verify` again: the recording has changed.')
}

function refuse(path: string, reason: string, hint: string, cause?: unknown): RetrialError {
  return new RetrialError('ERR_TRIAL_WORLD', `The world cannot be replayed: ${reason}.`, {
    hint,
    location: { path },
    cause,
  })
}
