import { RetrialError } from '../../core/errors.ts'

/**
 * The regular expression of a scenario's `matches`. Flags are given inline: `(?i:refund)`.
 *
 * @throws RetrialError `ERR_VERIFY_PATTERN` when the text is no regular expression.
 */
export function compilePattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch (cause) {
    throw new RetrialError(
      'ERR_VERIFY_PATTERN',
      `Failed to compile the pattern ${JSON.stringify(pattern)}: ${(cause as Error).message}`,
      {
        hint: 'Correct the regular expression in the scenario (ECMAScript syntax).',
        cause,
      },
    )
  }
}
