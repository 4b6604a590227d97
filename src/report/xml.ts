/** All that XML 1.0 does not allow, not even as a character reference; a lone surrogate among it. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu
const REFERENCES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Text for XML 1.0 content or an attribute. What XML does not allow becomes U+FFFD; `]]>` cannot arise. */
export function escapeXml(text: string): string {
  return text.replace(ILLEGAL, '\ufffd').replace(/[&<>"']/g, (character) => REFERENCES[character] ?? character)
}

/** Builds an element. Attributes that are undefined are left out; children are XML already. */
export function element(
  name: string,
  attributes: Record<string, string | number | undefined>,
  children: readonly string[] = [],
): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
  const head = [name, ...given.map(([key, value]) => `${key}="${escapeXml(String(value))}"`)].join(' ')
  return children.length === 0 ? `<${head}/>` : `<${head}>${children.join('')}</${name}>`
}
