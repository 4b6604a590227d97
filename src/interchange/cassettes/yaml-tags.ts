import { type CollectionTag, isScalar, isSeq, Scalar, type ScalarTag, type Tags } from 'yaml'
import { ExactNumber } from './file-value.ts'

// What PyYAML and go-yaml leave unquoted, they read again by the rules of YAML 1.1: for them `1e5` and `0o17` are
// texts and are written without quotes. The core schema of YAML 1.2 would read them as numbers. What both quote, so that
// the other can never stand there bare (`on`, `0x1f`, `1:30`, `1_000`), is read as text.
const nothing: ScalarTag = {
  identify: (value) => value === null,
  default: true,
  tag: 'tag:yaml.org,2002:null',
  test: /^(?:~|[Nn]ull|NULL)?$/,
  resolve: () => null,
}

const bool: ScalarTag = {
  identify: (value) => typeof value === 'boolean',
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/,
  resolve: (text) => text.toLowerCase() === 'true',
}

const int: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?(?:0|[1-9]\d*)$/,
  resolve: (text) => toNumber(text.replace(/^\+/, '')),
}

const float: ScalarTag = {
  identify: (value) => typeof value === 'number',
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]\d+)?$/,
  // PyYAML writes Python's `1e-05` as `1.0e-05`; JSON knows neither `1.` nor `.5`.
  resolve: (text) =>
    toNumber(
      text
        .replace(/^\+/, '')
        .replace(/\.0?(?=[eE]|$)/, keepFraction)
        .replace(/^(-?)\./, '$10.'),
    ),
}

function keepFraction(dot: string, offset: number, text: string): string {
  return offset + dot.length === text.length ? '.0' : ''
}

function toNumber(json: string): number | ExactNumber {
  const number = Number(json)
  return String(number) === json ? number : new ExactNumber(json)
}

/** A class of Python whose objects are texts: names of headers, in cassettes of clients that stand on aiohttp. */
const TEXT_CLASS = /^!!python\/object\/(?:apply|new):multidict\._multidict(?:_py)?\.istr\b/

/** An object of such a class, as the list of its one argument: the text itself. Nothing is made of the class. */
function textObject(made: 'apply' | 'new', module: string): CollectionTag {
  return {
    collection: 'seq',
    tag: `tag:yaml.org,2002:python/object/${made}:multidict.${module}.istr`,
    resolve(list, onError) {
      const [only, ...more] = isSeq(list) ? list.items : []
      if (isScalar(only) && typeof only.value === 'string' && more.length === 0) return new Scalar(only.value)
      onError('it is made of something else than one text')
      return list
    },
  }
}

/** True for what is a key by its tag alone, at an offset into a file. */
export function isTextObject(text: string, offset: number): boolean {
  return TEXT_CLASS.test(text.slice(offset, offset + 80))
}

/** The values that cassettes hold, beside texts, lists and maps. */
export const CASSETTE_TAGS: Tags = [
  nothing,
  bool,
  int,
  float,
  'binary',
  ...['_multidict', '_multidict_py'].flatMap((module) => [textObject('apply', module), textObject('new', module)]),
]
