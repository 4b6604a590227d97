import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RetrialError } from '../core/errors.ts'

/** Name of the file, beside the recordings, that holds their salt. Belongs under version control, with them. */
const SALT_FILE = '.redaction-salt'

/**
 * The salt of a folder's recordings, made on first use: with one salt, the same secret gets the same token in every
 * recording of a project, so that redacted requests still match. It is no secret: tokens of values long enough to be
 * keyed by it cannot be guessed back.
 *
 * @throws ERR_RECORD_SALT when the file cannot be read or made, or holds no salt.
 */
export function loadSalt(folder: string): string {
  const path = join(folder, SALT_FILE)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, `${randomBytes(16).toString('hex')}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, 'cannot be written', error)
  }
  let salt: string
  try {
    salt = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw unusable(path, 'cannot be read', error)
  }
  if (!/^[0-9a-f]{32,64}$/.test(salt)) throw unusable(path, 'holds no salt (32 to 64 hex digits)')
  return salt
}

function unusable(path: string, what: string, cause?: unknown): RetrialError {
  return new RetrialError('ERR_RECORD_SALT', `The salt of the recordings ${what}.`, {
    hint: 'Restore the file from version control; without one, delete it to have a new one made.',
    location: { path },
    cause,
  })
}
