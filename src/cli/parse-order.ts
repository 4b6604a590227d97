import { RetrialError } from '../core/errors.ts'
import type { Scenario } from '../scenario/scenario.ts'

/**
 * Reads the value of `--order`: `recorded`, `seed:<text>`, or ids of recorded calls with commas between them.
 *
 * @throws RetrialError `ERR_CLI_ORDER` for anything else.
 */
export function parseOrder(text: string): Scenario['replay']['order'] {
  if (text === 'recorded') return undefined
  if (text.startsWith('seed:') && text.length > 'seed:'.length) return { seed: text.slice('seed:'.length) }
  const ids = text.split(',').map((id) => id.trim())
  if (ids.length > 1 && ids.every((id) => /^\w+$/.test(id))) return ids
  throw new RetrialError('ERR_CLI_ORDER', `\`${text}\` is no order of answers.`, {
    hint: 'Say recorded, seed:<text>, or at least two ids of recorded calls, such as c3,c2.',
  })
}
