import fc from 'fast-check'
import { isJsonObject, type JsonValue } from '../../src/core/json.ts'

/** A JSON document, another that differs from it in one place, and that place. */
export interface OneChange {
  before: string
  after: string
  /** Any of these paths names the place. */
  paths: string[]
}

type Path = (string | number)[]

const key = fc
  .oneof(fc.stringMatching(/^[a-z_]{1,6}$/), fc.string({ minLength: 1, maxLength: 6, unit: 'binary-ascii' }))
  // V8 may read a key of one escaped character as a backslash (https://github.com/nodejs/node/issues/63785).
  .filter((name) => name.length > 1 || JSON.stringify(name).length === 3)
const text = fc.oneof(fc.string({ maxLength: 9 }), fc.constantFrom('né', 'ﬁn', 'Å\n', ' x ', '1', 'true', ''))
const number = fc.oneof(fc.integer(), fc.double({ min: -1e6, max: 1e6, noNaN: true }))
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: fc.oneof(text, number, fc.boolean(), fc.constant(null)) as fc.Arbitrary<JsonValue> },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 3, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue> },
  ),
}))

/** A JSON object that holds something. */
export const jsonObject = fc.dictionary(key, value, { minKeys: 1, maxKeys: 5 }) as fc.Arbitrary<
  Record<string, JsonValue>
>

/** Every way of changing one place of a random object. */
export const oneChange: fc.Arbitrary<OneChange> = fc
  .tuple(jsonObject, fc.nat(), fc.nat())
  .map(([document, at, how]) => {
    const places = placesOf(document, [])
    const { path, value } = places[at % places.length] as Place
    const ways = waysToChange(value)
    const [raw, within] = ways[how % ways.length] as Way
    return {
      before: JSON.stringify(document),
      after: write(document, path, raw),
      paths: within.map((steps) => formatPath([...path, ...steps])),
    }
  })
  // A number that was none, or a text that had no other form.
  .filter(({ before, after }) => before !== after)

interface Place {
  path: Path
  value: JsonValue
}

function placesOf(value: JsonValue, path: Path): Place[] {
  const children: [string | number, JsonValue][] = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : []
  return [
    ...(path.length === 0 ? [] : [{ path, value }]),
    ...children.flatMap(([step, one]) => placesOf(one, [...path, step])),
  ]
}

/** The text that takes the place of a value, and where below it the difference is. */
type Way = [raw: string, within: Path[]]

const HERE: Path[] = [[]]

function waysToChange(value: JsonValue): Way[] {
  if (typeof value === 'number') return numberWays(value)
  if (typeof value === 'string') {
    const others = [
      `${value} `,
      ` ${value}`,
      `${value}\u00a0`,
      `${value}\n`,
      value.normalize('NFC'),
      value.normalize('NFD'),
    ]
    return [...others, value.normalize('NFKC'), value.toUpperCase(), `${value}\u200b`]
      .filter((other) => other !== value)
      .map((other): Way => [JSON.stringify(other), HERE])
  }
  if (Array.isArray(value)) return listWays(value)
  if (isJsonObject(value)) return objectWays(value)
  return [value === null ? 'false' : 'null', '0', '""', '[]'].map((raw): Way => [raw, HERE])
}

function numberWays(value: number): Way[] {
  const plain = JSON.stringify(value)
  const forms = [JSON.stringify(value + 1), JSON.stringify(-value - 1), JSON.stringify(plain), 'null']
  if (!plain.includes('e')) forms.push(`${plain}e0`)
  if (/^-?[1-9]\d*$/.test(plain))
    forms.push(`${plain}.0`, `${plain}.00000000000000000001`, `${plain}00000000000000000000`)
  else if (/^-?\d+\.\d+$/.test(plain)) forms.push(`${plain}0`, `${plain}000000000000000000001`)
  return forms.map((raw): Way => [raw, HERE])
}

function listWays(list: JsonValue[]): Way[] {
  const ways: Way[] = []
  const add = (changed: JsonValue[], within: Path[]): unknown => ways.push([JSON.stringify(changed), within])
  for (let i = 0; i <= list.length; i++) add(list.toSpliced(i, 0, 'an element that was not there'), [[i]])
  for (let i = 0; i < list.length; i++) {
    const shorter = JSON.stringify(list.toSpliced(i, 1))
    // Of equal neighbours any one is missing.
    const same = [...list.keys()].filter((j) => JSON.stringify(list.toSpliced(j, 1)) === shorter)
    add(
      list.toSpliced(i, 1),
      same.map((j) => [j]),
    )
  }
  return ways
}

function objectWays(object: Record<string, JsonValue>): Way[] {
  const more = 'a key that was not there'
  const ways: Way[] = [[JSON.stringify({ ...object, [more]: null }), [[more]]]]
  for (const name of Object.keys(object)) {
    const rest = Object.entries(object).filter(([other]) => other !== name)
    ways.push([JSON.stringify(Object.fromEntries(rest)), [[name]]])
  }
  return ways
}

/** The document with `raw` at `path`; all else is written as before. */
function write(document: JsonValue, [step, ...rest]: Path, raw: string): string {
  if (step === undefined) return raw
  const put = (one: JsonValue, isHere: boolean): string => (isHere ? write(one, rest, raw) : JSON.stringify(one))
  if (Array.isArray(document)) return `[${document.map((one, i) => put(one, i === step)).join(',')}]`
  const fields = Object.entries(document as object).map(
    ([name, one]) => `${JSON.stringify(name)}:${put(one as JsonValue, name === step)}`,
  )
  return `{${fields.join(',')}}`
}

function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return /^[A-Za-z_$][\w$-]*$/.test(step) ? `${text}.${step}` : `${text}['${step.replace(/['\\]/g, '\\$&')}']`
  }, '$')
}

/** The same document in other words: keys in another order, white space between, characters escaped. */
export function rewrite(value: JsonValue): string {
  if (Array.isArray(value)) return `[ ${value.map(rewrite).join(' ,\n')} ]`
  if (typeof value === 'string') {
    const text = JSON.stringify(value)
    return text.includes('\\') ? text : text.replace(/[a-z]/g, escapeCharacter)
  }
  if (!isJsonObject(value)) return JSON.stringify(value)
  const fields = Object.keys(value).toReversed()
  return `{\t${fields.map((name) => `${JSON.stringify(name)} :\r\n${rewrite(value[name] as JsonValue)}`).join(' , ')}}`
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
