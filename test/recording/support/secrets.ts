import fc from 'fast-check'

const from = (alphabet: string, length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((chars) => chars.join(''))
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = UPPER.toLowerCase()
const DIGITS = '0123456789'
const ALNUM = UPPER + LOWER + DIGITS

/** Fresh secrets that their form gives away. Their prefixes are in pieces, so that no scanner takes this file for a leak. */
export const anyKey: fc.Arbitrary<string> = fc.oneof(
  from(ALNUM, 40).map((rest) => `${'sk-'}${'proj-'}7${rest}`),
  from(`${ALNUM}-_`, 80).map((rest) => `${'sk-ant-'}${'api03-'}7${rest}`),
  from(ALNUM, 36).map((rest) => `${'gh'}${'p_'}${rest}`),
  from(`${UPPER}234567`, 16).map((rest) => `${'AK'}${'IA'}${rest}`),
  from(`${ALNUM}-_`, 35).map((rest) => `${'AI'}${'za'}${rest}`),
  from(`${DIGITS}${LOWER}`, 24).map((rest) => `${'xo'}${'xb-'}${rest}`),
  from(ALNUM, 34).map((rest) => `${'hf'}${'_'}${rest}`),
  from(ALNUM, 36).map((rest) => `${'npm'}${'_'}${rest}`),
  fc
    .tuple(from(ALNUM, 20), from(ALNUM, 30), from(ALNUM, 43))
    .map(([head, body, signature]) => `${'ey'}J${head}.${'ey'}J${body}.${signature}`),
)

/** Fresh secrets that only what stands before them gives away. */
export const anyPassword: fc.Arbitrary<string> = fc
  .tuple(from(ALNUM, 10), from(`${ALNUM}-_.~`, 8), from(DIGITS, 2))
  .map(([a, b, c]) => `${a}${b}${c}x`)
