import { isDistinctive, type TokenBook, withoutTokens } from './tokens.ts'

/** The value of a credential: the scheme of a header and the names of its cookies stay, the rest becomes a token. */
export function redactHeaderValue(name: string, value: string, book: TokenBook): string {
  const lower = name.toLowerCase()
  if (lower === 'cookie')
    return value
      .split(';')
      .map((part) => redactCookie(part, book))
      .join(';')
  if (lower === 'set-cookie') {
    const [first = '', ...attributes] = value.split(';')
    return [redactCookie(first, book), ...attributes].join(';')
  }
  const scheme = name === '' ? '' : (/^[A-Za-z][A-Za-z0-9-]{2,24}[ \t]+(?=\S)/.exec(value)?.[0] ?? '')
  return scheme + replace(value.slice(scheme.length), book)
}

function redactCookie(cookie: string, book: TokenBook): string {
  const split = cookie.indexOf('=') + 1
  const value = cookie.slice(split)
  // Short values are choices (a language, a theme), not sessions.
  return value.trim().length < 8 ? cookie : cookie.slice(0, split) + replace(value, book)
}

function replace(value: string, book: TokenBook): string {
  const secret = value.trim()
  if (withoutTokens(secret) === '') return value
  if (isDistinctive(secret)) book.learn(secret)
  return value.replace(secret, () => book.token(secret))
}
