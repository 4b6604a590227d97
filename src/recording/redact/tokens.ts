import { createHmac } from 'node:crypto'

const TOKEN = /rdx-[0-9a-f]{12}/g
const PLACEHOLDER =
  /^(?:<.*>|\$\{.*\}|\$\(.*\)|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\{\{.*\}\}|\[.*\]|[*•x.…_-]+|your[-_ ].*|example.*|placeholder|redacted|string|number|boolean|null|none|undefined|true|false|required|optional|disabled|enabled|process\.env\..*|os\.environ.*|import\.meta\..*)$/i
const MAX_VALUES = 1000

/** Gives each secret its token, and remembers the secrets so that they are found again wherever they stand. */
export interface TokenBook {
  /** The token of a secret: the same for the same secret, whatever its percent-encoding. */
  token(secret: string): string
  /** Remembers a secret when it is distinctive enough to be looked for everywhere. */
  learn(secret: string): void
  /** Where remembered secrets stand in a text. */
  find(text: string): { start: number; end: number }[]
  /** True when a remembered secret stands in a text, also as part of JSON or percent-encoded. */
  leaks(text: string): boolean
  /** How many secrets are remembered. */
  size(): number
}

export function createTokenBook(salt: string): TokenBook {
  const tokens = new Map<string, string>()
  const values = new Set<string>()
  let regex: RegExp | null = null

  return {
    token(secret) {
      const plain = decodePercent(secret)
      let token = tokens.get(plain)
      if (token === undefined) {
        token = `rdx-${createHmac('sha256', salt).update(plain).digest('hex').slice(0, 12)}`
        tokens.set(plain, token)
      }
      return token
    },
    learn(secret) {
      if (values.size >= MAX_VALUES) return
      for (const form of new Set([secret, decodePercent(secret)])) {
        for (const variant of [form, encodeURIComponent(form.toWellFormed())]) {
          if (values.has(variant)) continue
          values.add(variant)
          regex = null
        }
      }
    },
    find(text) {
      if (values.size === 0) return []
      regex ??= new RegExp(
        [...values]
          .sort((a, b) => b.length - a.length)
          .map(escapeRegex)
          .join('|'),
        'g',
      )
      return [...text.matchAll(regex)].map(({ index, 0: match }) => ({ start: index, end: index + match.length }))
    },
    leaks(text) {
      return [...values].some((value) => text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1)))
    },
    size: () => values.size,
  }
}

/** True when a value may be looked for everywhere: a short word would be found where it means something else. */
export function isDistinctive(value: string): boolean {
  if (value.length >= 16) return true
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((part) => part.test(value)).length
  return value.length >= 8 && classes >= 2
}

/** The value without the tokens in it: what is already replaced is no secret. */
export function withoutTokens(value: string): string {
  return value.includes('rdx-') ? value.replace(TOKEN, '') : value
}

/** True for what stands where a secret would, and is none: `<token>`, `${KEY}`, `your-key`, `...`. */
export function isPlaceholder(value: string): boolean {
  return value.length < 256 && PLACEHOLDER.test(value)
}

/** A percent-encoded text as it was before; any other text as it is. */
export function decodePercent(text: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
