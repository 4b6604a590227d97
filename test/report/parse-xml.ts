/** An element as a strict XML 1.0 reader sees it. */
export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: (XmlElement | string)[]
}

const NAME = /[A-Za-z_][\w.-]*/y
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Parses the part of XML 1.0 that our reports use, and throws at anything that is not well-formed: illegal characters,
 * unknown entities, a bare `<`, `&` or `]]>`, a repeated attribute, tags that do not match, a second root.
 */
export function parseXml(text: string): XmlElement {
  const illegal = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.exec(text)
  if (illegal) throw new SyntaxError(`illegal character at ${illegal.index}`)
  let at = 0
  const fail = (what: string): never => {
    throw new SyntaxError(`${what} at ${at}: ${text.slice(at, at + 40)}`)
  }
  const take = (literal: string): void => {
    if (!text.startsWith(literal, at)) fail(`expected ${literal}`)
    at += literal.length
  }
  const takeName = (): string => {
    NAME.lastIndex = at
    const name = NAME.exec(text)?.[0] ?? fail('expected a name')
    at += name.length
    return name
  }
  const skipSpace = (): boolean => {
    const before = at
    while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1
    return at > before
  }
  const decode = (raw: string): string => {
    if (/<|]]>/.test(raw)) fail('unescaped markup')
    return raw.replace(/&([^;]*);?/g, (whole, name: string) =>
      whole.endsWith(';') && Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : fail('bad entity'),
    )
  }
  const takeAttributes = (): Record<string, string> => {
    const attributes: Record<string, string> = {}
    for (;;) {
      const spaced = skipSpace()
      if (text[at] === '>' || text[at] === '/') return attributes
      if (!spaced) fail('expected a space')
      const name = takeName()
      take('="')
      const end = text.indexOf('"', at)
      if (end === -1 || Object.hasOwn(attributes, name)) fail('bad attribute')
      attributes[name] = decode(text.slice(at, end))
      at = end + 1
    }
  }
  const takeElement = (): XmlElement => {
    take('<')
    const element: XmlElement = { name: takeName(), attributes: takeAttributes(), children: [] }
    if (text[at] === '/') {
      take('/>')
      return element
    }
    take('>')
    while (!text.startsWith('</', at)) {
      const end = text.indexOf('<', at)
      if (end === -1) fail('unclosed element')
      if (end > at) element.children.push(decode(text.slice(at, end)))
      at = end
      if (!text.startsWith('</', at)) element.children.push(takeElement())
    }
    take(`</${element.name}`)
    skipSpace()
    take('>')
    return element
  }
  take('<?xml version="1.0" encoding="UTF-8"?>')
  skipSpace()
  const root = takeElement()
  skipSpace()
  if (at !== text.length) fail('content after the root')
  return root
}

/** All elements of a name, in document order. */
export function findElements(root: XmlElement, name: string): XmlElement[] {
  const inner = root.children.flatMap((child) => (typeof child === 'string' ? [] : findElements(child, name)))
  return root.name === name ? [root, ...inner] : inner
}
