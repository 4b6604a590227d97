import { isPasswordName, isSecretName, isSecretParameter } from './is-secret-name.ts'
import { decodePercent, isPlaceholder, type TokenBook, withoutTokens } from './tokens.ts'

/** Where a secret stands in a text. */
export interface Range {
  start: number
  end: number
}

// Each pattern is anchored on a literal and takes what it has matched, so none of them is tried twice on the same characters.
const PREFIXES = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    'sk-[A-Za-z0-9_-]{20,}',
    '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}',
    'whsec_[A-Za-z0-9+/=]{16,}',
    'gh[pousr]_[A-Za-z0-9]{30,}',
    'github_pat_[A-Za-z0-9_]{30,}',
    'gl(?:pat|dt|rt|cbt|ptt|soat|ft|agent|oas)-[A-Za-z0-9_-]{20,}',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])',
    'AIza[A-Za-z0-9_-]{30,}',
    'ya29\\.[A-Za-z0-9_-]{20,}',
    '1//0[A-Za-z0-9_-]{20,}',
    'GOCSPX-[A-Za-z0-9_-]{20,}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,}',
    'xapp-[A-Za-z0-9-]{20,}',
    'npm_[A-Za-z0-9]{30,}',
    'pypi-[A-Za-z0-9_-]{40,}',
    'rubygems_[A-Za-z0-9]{40,}',
    'dckr_pat_[A-Za-z0-9_-]{20,}',
    'hf_[A-Za-z0-9]{30,}',
    'xai-[A-Za-z0-9]{30,}',
    'tvly-[A-Za-z0-9-]{20,}',
    'pcsk_[A-Za-z0-9_]{30,}',
    'pplx-[A-Za-z0-9]{30,}',
    'gsk_[A-Za-z0-9]{30,}',
    'r8_[A-Za-z0-9]{30,}',
    'nvapi-[A-Za-z0-9_-]{30,}',
    'lsv2_[a-z]{2}_[A-Za-z0-9_]{30,}',
    'jina_[A-Za-z0-9_]{40,}',
    'e2b_[a-f0-9]{32,}',
    'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,}',
    'do[op]_v1_[a-f0-9]{40,}',
    'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}',
    'sq0(?:atp|csp)-[A-Za-z0-9_-]{20,}',
    'dapi[a-f0-9]{32,}',
    'hv[sb]\\.[A-Za-z0-9_-]{20,}',
    'tskey-[a-z]{3,10}-[A-Za-z0-9-]{16,}',
    'vc[a-z]_[A-Za-z0-9]{24,}',
    'sntry[su]_[A-Za-z0-9+/=_]{40,}',
    'phx_[A-Za-z0-9]{30,}',
    'lin_api_[A-Za-z0-9]{30,}',
    'ntn_[A-Za-z0-9]{30,}',
    'secret_[A-Za-z0-9]{40,}',
    'figd_[A-Za-z0-9_-]{30,}',
    'ATATT3[A-Za-z0-9_=-]{40,}',
    'gl(?:c|sa)_[A-Za-z0-9+/=_]{30,}',
    'sb[ps]_[A-Za-z0-9_]{32,}',
    'sb_secret_[A-Za-z0-9_-]{20,}',
    'AGE-SECRET-KEY-1[A-Z0-9]{50,}',
  ].join('|')})`,
  'g',
)
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g
const SCHEME = /(?<![A-Za-z0-9])(?:Bearer|Basic) {1,4}([A-Za-z0-9._~+/=%-]{8,})/gi
const SLACK_HOOK = /hooks\.slack\.com\/(?:services|workflows)\/([A-Za-z0-9/_-]{20,})/g
const TELEGRAM = /(?<![A-Za-z0-9])\d{8,12}:AA[A-Za-z0-9_-]{32,}/g
const LOGIN = /:\/\/([^\s/?#@:"'<>\\]{0,128}):([^\s/?#@"'<>\\]{1,256})@/g
const LOGIN_TOKEN = /:\/\/([A-Za-z0-9_-]{20,256})@/g
const PARAMETER = /[?&;]([A-Za-z0-9_.-]{1,64})=([^&\s"'<>#\\;]{6,4096})/g
const CURL_USER = /\s(?:-u|--user)[ =]["']?[^\s:"']{1,128}:([^\s"']{4,256})/g
const PEM_START = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,12}-----/g
const PEM_BODY = /[A-Za-z0-9+/=\s\\]{0,20000}/y
const ASSIGNMENT =
  /(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|(?:api|access|secret) key|key|key[-_]?id|credentials?|authorization)["'\\]{0,3}\s{0,4}(?:=>|:=|[:=])\s{0,4}/gi
const QUOTED =
  /"([^"\n\\]{4,4096})"|'([^'\n\\]{4,4096})'|`([^`\n\\]{4,4096})`|\\"([^"\n\\]{4,4096})\\"|\\'([^'\n\\]{4,4096})\\'/y
const BARE = /[^\s"'`,;&|<>(){}[\]\\]{6,4096}/y
const CODE = /^[A-Za-z_$][A-Za-z_$]*(?:[.:]+[A-Za-z_$]+)*[.:]?$/

/** Texts without any of these hold no secret that a pattern could find. */
const HINT =
  /sk[-_]|rk_|whsec|gh[pousr]_|_pat_|gl[a-z]{1,5}[-_]|A[KSBC]IA|ACCA|AIza|ya29|1\/\/0|GOCSPX|xox|xapp|npm_|pypi-|rubygems|hf_|xai-|tvly|pcsk|pplx|gsk_|r8_|nvapi|lsv2|jina_|e2b_|SG\.|_v1_|shp|sq0|dapi|hv[sb]\.|tskey|vc[a-z]_|sntry|phx_|lin_api|ntn_|ret_|figd|ATATT3|sb[ps_]|AGE-|eyJ|bearer|basic|slack|:AA|:\/\/|[?&;][\w.-]+=|-u|PRIVATE KEY|pass|pwd|secret|token|key|credential|authorization/i

/** Finds the secrets of a plain text: known ones, and those that their form or what stands before them gives away. Unsorted. */
export function findInText(text: string, book: TokenBook, extra: readonly RegExp[] = []): Range[] {
  const ranges: Range[] = book.find(text)
  for (const pattern of extra) collect(ranges, text, pattern, 0)
  if (text.length < 8 || !HINT.test(text)) return ranges
  for (const { index, 0: match } of text.matchAll(PREFIXES)) {
    // Words joined by dashes look like such a key; a key has digits.
    if (!match.startsWith('sk-') || /\d/.test(match)) ranges.push({ start: index, end: index + match.length })
  }
  collect(ranges, text, JWT, 0)
  collect(ranges, text, TELEGRAM, 0)
  collect(ranges, text, SLACK_HOOK, 1)
  collect(ranges, text, SCHEME, 1, (value) => isPlausible('token', value))
  collect(ranges, text, LOGIN, 2, (value) => !isPlaceholder(value) && withoutTokens(value) !== '')
  collect(ranges, text, LOGIN_TOKEN, 1)
  collect(ranges, text, CURL_USER, 1, (value) => isPlausible('password', value))
  findParameters(ranges, text)
  findPrivateKeys(ranges, text)
  findAssignments(ranges, text)
  return ranges
}

/** True when the value of a secret name may be a secret: not a placeholder, a word, a number, a path or something replaced already. */
export function isPlausible(name: string, raw: string): boolean {
  const value = withoutTokens(raw)
  const password = isPasswordName(name)
  if (value.length < (password ? 6 : 8) || isPlaceholder(value)) return false
  if (/\s/.test(value) && !/passphrase$/i.test(name)) return false
  if (/^(?:pwd|.*credentials?)$/i.test(name) && /^(?:\/|~|[A-Za-z]:[\\/])/.test(value)) return false
  if (password) return true
  return !/^[A-Za-z]{1,15}$/.test(value) && !/^\d{1,11}$/.test(value)
}

function collect(
  ranges: Range[],
  text: string,
  pattern: RegExp,
  group: number,
  accept?: (value: string) => boolean,
): void {
  for (const match of text.matchAll(pattern)) {
    const value = match[group]
    if (value === undefined || value === '' || (accept !== undefined && !accept(value))) continue
    const start = match.index + (group === 0 ? 0 : match[0].lastIndexOf(value))
    ranges.push({ start, end: start + value.length })
  }
}

function findParameters(ranges: Range[], text: string): void {
  for (const { index, 0: match, 1: name = '', 2: value = '' } of text.matchAll(PARAMETER)) {
    if (!isSecretParameter(name) || !isPlausible(name, decodePercent(value))) continue
    if (name.toLowerCase() === 'key' && value.length < 16) continue
    const end = index + match.length
    ranges.push({ start: end - value.length, end })
  }
}

function findPrivateKeys(ranges: Range[], text: string): void {
  let close = 0
  for (const { index, 0: match } of text.matchAll(PEM_START)) {
    const from = index + match.length
    if (close !== -1 && close < from) close = text.indexOf('-----END', from)
    PEM_BODY.lastIndex = from
    const closed = close !== -1 && close - from <= 20_000
    const body = closed ? text.slice(from, close) : (PEM_BODY.exec(text)?.[0] ?? '')
    const inner = body.replace(/^(?:\s|\\[nr])+|(?:\s|\\[nr])+$/g, '')
    if (withoutTokens(inner) === '') continue
    const start = from + body.indexOf(inner)
    ranges.push({ start, end: start + inner.length })
  }
}

function findAssignments(ranges: Range[], text: string): void {
  let examined = 0
  for (const { index, 0: head } of text.matchAll(ASSIGNMENT)) {
    if (index < examined) continue
    const at = index + head.length
    const name = nameBefore(text, index) + (/^[A-Za-z_ -]+/.exec(head)?.[0].trim() ?? '')
    if (!isSecretName(name)) continue
    QUOTED.lastIndex = at
    const quoted = QUOTED.exec(text)
    if (quoted !== null) {
      const value = quoted.slice(1).find((group) => group !== undefined) as string
      const start = at + quoted[0].indexOf(value)
      examined = start + value.length
      if (isPlausible(name, value)) ranges.push({ start, end: start + value.length })
      continue
    }
    BARE.lastIndex = at
    const bare = BARE.exec(text)?.[0].replace(/[.:!?]{1,8}$/, '')
    // A long run is looked at once, not again from each name within it.
    if (bare !== undefined && bare.length > 64) examined = at + bare.length
    if (bare !== undefined && isPlausible(name, bare) && !CODE.test(bare)) {
      ranges.push({ start: at, end: at + bare.length })
    }
  }
}

/** The part of a name that stands before a position. */
function nameBefore(text: string, position: number): string {
  let start = position
  while (start > 0 && position - start < 40 && /[A-Za-z0-9_.-]/.test(text[start - 1] as string)) start--
  return text.slice(start, position)
}
