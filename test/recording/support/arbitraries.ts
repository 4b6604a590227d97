import fc from 'fast-check'
import type { JsonValue } from '../../../src/core/json.ts'
import type { HttpAnswer, Interaction, InteractionEnd, Payload, SpanName } from '../../../src/model/interaction.ts'
import type { Chance, Note, Recording } from '../../../src/model/recording.ts'
import type { ErrorShape, RunFinish } from '../../../src/model/run.ts'

/** Well-formed text of any characters; UTF-8 cannot hold a lone surrogate. */
const anyText = fc.string({ unit: 'grapheme' })
const longText = anyText.map((text) => `${text}${'lorem ipsum '.repeat(30)}${text}`)

/** JSON values, among them those that look like the format's own references, and keys that are special to JavaScript. */
export const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
      anyText,
      longText,
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(
        fc.tuple(
          fc.oneof(anyText, fc.constantFrom('$blob', '$list', '$json', '$text', '__proto__', 'role', '1')),
          tie('value'),
        ),
        {
          maxLength: 5,
        },
      )
      .map((entries) =>
        JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`),
      ),
  ),
})).value

/** Texts that a body may be, and that are JSON in some way that must not be tidied up. */
const hostileText = fc.constantFrom(
  '',
  '{}',
  '{"a":1}',
  '{ "a": 1 }',
  '{"a":1}\n',
  '{"a":1.0}',
  '{"a":1e400}',
  '{"a":12345678901234567890}',
  '{"a":-0}',
  '{"a":1,"a":2}',
  '{"2":1,"1":2}',
  '{"__proto__":{"polluted":true}}',
  '{"$blob":"0123456789abcdef"}',
  '{"$list":"l1"}',
  '{"$json":"{}"}',
  '{"x":{"$blob":"l1"},"y":[{"$list":"l1"}]}',
  '{"a":"\\u00e9"}',
  '{"a":"\\ud800"}',
  '{"a":"\\/"}',
  `{"deep":${'['.repeat(400)}${']'.repeat(400)}}`,
  `{"list":[${'1,'.repeat(300)}]}`,
  '[1,2,3]',
  '"text"',
  '\ufeff{"a":1}',
  'a=1&b=2',
  'line\r\nline\u2028\u2029\u0000',
)

export const anyBody: fc.Arbitrary<Payload> = fc.oneof(
  hostileText.map((text) => ({ text })),
  anyText.map((text) => ({ text })),
  longText.map((text) => ({ text })),
  anyJson.map((value) => ({ text: JSON.stringify(value) })),
  fc.dictionary(anyText, anyJson).map((value) => ({ text: JSON.stringify(value) })),
  fc.array(anyJson, { maxLength: 8 }).map((messages) => ({ text: JSON.stringify({ model: 'm', messages }) })),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => ({ base64: Buffer.from(bytes).toString('base64') })),
)

const ms = fc.nat({ max: 1_000_000 }).map((value) => value / 8)
const headers = fc.array(
  fc.tuple(fc.constantFrom('accept', 'date', 'x-request-id', 'x-long'), fc.oneof(anyText, longText)),
  {
    maxLength: 6,
  },
)
const errorShape: fc.Arbitrary<ErrorShape> = fc.record(
  { name: anyText, message: anyText, code: fc.oneof(anyText, fc.integer()), errno: fc.integer(), syscall: anyText },
  { requiredKeys: ['name', 'message'] },
)
const end: fc.Arbitrary<InteractionEnd | null> = fc.option(
  fc.record(
    { kind: fc.constantFrom('complete', 'aborted', 'cut', 'failed'), offset_ms: ms, error: errorShape },
    { requiredKeys: ['kind', 'offset_ms'] },
  ),
)
const evidence = fc.record(
  { grade: fc.constantFrom('exact', 'stub', 'none'), source: fc.option(anyText), note: anyText },
  { requiredKeys: ['grade', 'source'] },
)
const answer: fc.Arbitrary<HttpAnswer> = fc.record(
  {
    status: fc.integer({ min: 100, max: 599 }),
    status_text: anyText,
    headers,
    headers_ms: ms,
    chunks: fc.array(fc.tuple(ms, anyBody), { maxLength: 4 }),
    names: fc.array(fc.oneof(anyText, longText), { maxLength: 4 }),
    information: fc.array(
      fc.record({ status: fc.constantFrom(100, 103), status_text: anyText, headers, offset_ms: ms }),
      { minLength: 1, maxLength: 2 },
    ),
    trailers: headers,
    url: fc.webUrl(),
  },
  { requiredKeys: ['status', 'status_text', 'headers', 'headers_ms', 'chunks'] },
)

const spans: fc.Arbitrary<SpanName[]> = fc.array(
  fc.record({ name: anyText, nth: fc.integer({ min: 2, max: 99 }) }, { requiredKeys: ['name'] }),
  { minLength: 1, maxLength: 3 },
)
const interaction: fc.Arbitrary<Interaction> = fc.oneof(
  fc.record(
    {
      id: fc.constant(''),
      kind: fc.constant('http'),
      door: fc.constantFrom('fetch', 'undici', 'http', 'http2', 'stdio', 'transport'),
      started_ms: ms,
      request: fc.record({ method: anyText, url: fc.webUrl(), headers, body: fc.option(anyBody) }),
      answer: fc.option(answer),
      end,
      parent: anyText,
      spans,
      evidence,
    },
    { requiredKeys: ['id', 'kind', 'door', 'started_ms', 'request', 'answer', 'end'] },
  ),
  fc.record(
    {
      id: fc.constant(''),
      kind: fc.constantFrom('tool', 'model'),
      name: anyText,
      started_ms: ms,
      args: anyJson,
      value: anyJson,
      lossy: fc.constant(true),
      sync: fc.constant(true),
      yields: fc.constant(true),
      spans,
      end: end.filter((value) => value !== null),
      evidence,
    },
    { requiredKeys: ['id', 'kind', 'name', 'started_ms', 'args', 'end'] },
  ),
)

const note: fc.Arbitrary<Note> = fc.record(
  { at_ms: ms, code: anyText, message: anyText, data: anyJson },
  { requiredKeys: ['at_ms', 'code', 'message'] },
)
const chance: fc.Arbitrary<Chance> = fc.record({
  scope: fc.constantFrom('process', 'run'),
  random: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => value + 0)),
  uuids: fc.array(fc.uuid()),
})
const finish: fc.Arbitrary<RunFinish> = fc.record({
  at_ms: ms,
  stop_reason: anyText,
  output: anyJson,
  error: fc.option(errorShape),
})

/** Recordings as a reader gives them, without their digest. */
export const anyRecording: fc.Arbitrary<Recording> = fc
  .record(
    {
      format: fc.constant('retrial/1'),
      run: fc.record(
        { run_id: fc.constant('run_1'), trace_id: fc.constant('t1'), release: anyText, agent: anyText, started_at: ms },
        { requiredKeys: ['run_id', 'trace_id', 'started_at'] },
      ),
      input: anyJson,
      agent_ref: anyText,
      runtime: fc.record(
        {
          node: anyText,
          platform: anyText,
          timezone: anyText,
          cwd: anyText,
          env: fc.dictionary(fc.constantFrom('TZ', 'A_URL'), anyText),
        },
        { requiredKeys: ['node', 'platform'] },
      ),
      redaction: fc.option(fc.record({ rules: anyText, salt: anyText })),
      interactions: fc.array(interaction, { maxLength: 6 }),
      notes: fc.array(note, { maxLength: 3 }),
      chance,
      finish: fc.option(finish),
      integrity: fc.constant('sealed'),
    },
    {
      requiredKeys: ['format', 'run', 'input', 'runtime', 'redaction', 'interactions', 'notes', 'finish', 'integrity'],
    },
  )
  .map((recording) => {
    const interactions = recording.interactions.map((one, i) => ({ ...one, id: `c${i + 1}` }))
    return { ...recording, interactions } as Recording
  })
