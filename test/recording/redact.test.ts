import { expect, test } from 'vitest'
import { createRedactor } from '../../src/recording/redact/create-redactor.ts'
import { isSecretName } from '../../src/recording/redact/is-secret-name.ts'

const SALT = '00112233445566778899aabbccddeeff'
const TOKEN = /rdx-[0-9a-f]{12}/g

/** A secret in pieces, so that no scanner takes this file for a leak. */
const join = (...parts: string[]) => parts.join('')
const KEYS: Record<string, string> = {
  openai: join('sk-', 'proj-', 'Zk3hVq81LmNbT6yR0wXcA9dE'),
  anthropic: join('sk-ant-', 'api03-', 'Zk3hVq81LmNbT6yR0wXcA9dEuI'),
  github: join('gh', 'p_', 'Zk3hVq81LmNbT6yR0wXcA9dEuIoP4sGh7jKl'),
  githubFine: join('github', '_pat_', '11ABCDEFG0Zk3hVq81LmNbT6yR0wXcA9dEuIoP4s'),
  aws: join('AK', 'IA', 'IOSFODNN7Q3ZXW2P'),
  google: join('AI', 'za', 'SyZk3hVq81LmNbT6yR0wXcA9dEuIoP4sGh7'),
  slack: join('xo', 'xb-', '2345678901-2345678901-Zk3hVq81LmNb'),
  gitlab: join('gl', 'pat-', 'Zk3hVq81LmNbT6yR0wXc'),
  npm: join('npm', '_', 'Zk3hVq81LmNbT6yR0wXcA9dEuIoP4sGh7jKl'),
  huggingFace: join('hf', '_', 'ZkhVqLmNbTyRwXcAdEuIoPsGhjKlMnBvCx'),
  stripe: join('sk', '_live_', 'Zk3hVq81LmNbT6yR0wXcA9dE'),
  jwt: join('ey', 'JhbGciOiJIUzI1NiJ9', '.', 'ey', 'JzdWIiOiIxMjM0NSJ9', '.', 'Zk3hVq81LmNbT6yR0wXcA9dEuIoP'),
}
const redactor = (options = {}) => createRedactor({ salt: SALT, ...options })

test.for(Object.entries(KEYS))('replaces a key by its form, wherever it stands, given one of %s', ([, key]) => {
  for (const text of [
    key,
    `use ${key}.`,
    `(${key})`,
    `{"a":"${key}"}`,
    `a: ${key}\nb`,
    JSON.stringify(JSON.stringify({ x: [`q ${key}`] })),
  ]) {
    const redacted = redactor().text(text)
    expect(redacted).not.toContain(key)
    expect(redacted.replace(TOKEN, key)).toBe(text)
  }
})

test('gives one secret one token, different secrets different tokens, and another salt other tokens', () => {
  const tokens = Object.values(KEYS).map((key) => redactor().text(key))
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(Object.values(KEYS).map((key) => redactor().text(key))).toEqual(tokens)
  const others = Object.values(KEYS).map((key) => createRedactor({ salt: 'other', env: {} }).text(key))
  expect(others.filter((token) => tokens.includes(token))).toEqual([])
  const key = KEYS.openai as string
  const one = redactor()
  const [header] = one.headers([['authorization', `Bearer ${key}`]])
  expect(header?.[1]).toBe(`Bearer ${one.text(key)}`)
  expect(one.url(`https://a.test/?api_key=${encodeURIComponent(key)}`)).toBe(`https://a.test/?api_key=${one.text(key)}`)
  expect(one.json({ password: key })).toEqual({ password: one.text(key) })
})

test('replaces the values of secret variables everywhere, and of no others', () => {
  const env = {
    APP_PASSWORD: 'correct-horse-battery',
    SERVICE_TOKEN: 'plainlettersonlybutlong',
    SHORT_KEY: 'abc',
    GOOGLE_APPLICATION_CREDENTIALS: '/home/me/credentials.json',
    PWD: '/home/me/project',
    GREETING: 'hello-world-2026',
    DATABASE_URL: `postgres://app:${'p4ss-'}${'w0rd-9'}@db.test/x`,
    UNSET: undefined,
  }
  const text = redactor({ env }).text(
    'correct-horse-battery plainlettersonlybutlong abc /home/me/credentials.json /home/me/project hello-world-2026 p4ss-w0rd-9',
  )
  expect(text.replace(TOKEN, '#')).toBe('# # abc /home/me/credentials.json /home/me/project hello-world-2026 #')
})

test.for([
  ['authorization', 'Bearer abcdefgh12', 'Bearer #'],
  ['Authorization', 'Basic dXNlcjpwYXNz', 'Basic #'],
  ['proxy-authorization', 'opaque', '#'],
  ['x-api-key', 'k', '#'],
  ['X-Goog-Api-Key', 'abcdefgh', '#'],
  ['x-amz-security-token', 'abcd/efgh==', '#'],
  ['x-custom-token', 'abcd1234efgh', '#'],
  ['cookie', 'lang=en; session=abcd1234efgh', 'lang=en; session=#'],
  [
    'set-cookie',
    'session=abcd1234efgh; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    'session=#; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
  ],
  ['location', 'https://a.test/cb?access_token=abcd1234efgh&state=1', 'https://a.test/cb?access_token=#&state=1'],
  ['content-type', 'application/json', 'application/json'],
  ['x-request-id', 'req_0123456789abcdef', 'req_0123456789abcdef'],
  ['x-ratelimit-remaining-tokens', '149984', '149984'],
  ['idempotency-key', 'stainless-node-retry-0e1b2c3d', 'stainless-node-retry-0e1b2c3d'],
  ['authorization', '', ''],
])('replaces what is secret in the header %s: %s', ([name, value, expected]) => {
  const [header] = redactor().headers([[name as string, value as string]])
  expect([header?.[0], header?.[1].replace(TOKEN, '#')]).toEqual([name, expected])
})

test.for([
  ['{"password":"hunter2-x"}', '{"password":"#"}'],
  ['{ "user": "a", "client_secret" : "s3cr3t-value" }\n', '{ "user": "a", "client_secret" : "#" }\n'],
  ['{"apiKey":"abcd1234efgh","n":1.0}', '{"apiKey":"#","n":1.0}'],
  [
    '{"tokens":{"refresh_token":"abcd1234efgh","expires_in":3600}}',
    '{"tokens":{"refresh_token":"#","expires_in":3600}}',
  ],
  ['{"arguments":"{\\"password\\":\\"caf\\u00e9-2026\\"}"}', '{"arguments":"{\\"password\\":\\"#\\"}"}'],
  ['{"headers":{"Authorization":["Bearer abcd1234efgh"]}}', '{"headers":{"Authorization":["Bearer #"]}}'],
  ['{"password":"hunter2-x', '{"password":"#'],
  ['export API_KEY=abcd1234efgh\nPATH=/usr/bin', 'export API_KEY=#\nPATH=/usr/bin'],
  ["const password = 'hunter2-x';", "const password = '#';"],
  ['client_id=me&client_secret=abcd1234efgh&grant_type=x', 'client_id=me&client_secret=#&grant_type=x'],
  ['Server=db;User Id=sa;Password=p4ssw0rd!;', 'Server=db;User Id=sa;Password=#;'],
  ['AccountName=x;AccountKey=abcd1234efgh5678==;EndpointSuffix=y', 'AccountName=x;AccountKey=#;EndpointSuffix=y'],
  ['https://me:p4ssw0rd@host.test/x', 'https://me:#@host.test/x'],
  ['redis://:p4ssw0rd@cache:6379/0', 'redis://:#@cache:6379/0'],
  ['curl -u me:p4ssw0rd https://a.test', 'curl -u me:# https://a.test'],
  [
    'https://a.test/x?X-Amz-Date=20260101T000000Z&X-Amz-Signature=0123456789abcdef0123456789abcdef',
    'https://a.test/x?X-Amz-Date=20260101T000000Z&X-Amz-Signature=#',
  ],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/def\nghi==\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN RSA PRIVATE KEY-----\n#\n-----END RSA PRIVATE KEY-----',
  ],
  [
    '{"key":"-----BEGIN PRIVATE KEY-----\\nMIIabc+/def\\n-----END PRIVATE KEY-----\\n"}',
    '{"key":"-----BEGIN PRIVATE KEY-----\\n#\\n-----END PRIVATE KEY-----\\n"}',
  ],
  ['event: x\ndata: {"password":"hunter2-x"}\n\n', 'event: x\ndata: {"password":"#"}\n\n'],
  ['{"a":1}\n{"password":"hunter2-x"}\n', '{"a":1}\n{"password":"#"}\n'],
])('replaces what a name or a place gives away given %j', ([text, expected]) => {
  expect(
    redactor()
      .text(text as string)
      .replace(TOKEN, '#'),
  ).toBe(expected)
})

test('looks into base64 of text, and encodes it again', () => {
  const inner = (password: string) => Buffer.from(JSON.stringify({ db: { password } })).toString('base64')
  const one = redactor()
  expect(one.json({ data: { config: inner('hunter2-hunter2') } })).toEqual({
    data: { config: inner(one.text('hunter2-hunter2')) },
  })
})

const image = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 251)).toString('base64')
test.for([
  '{"id":"chatcmpl-xsVavnAIugbW7nsL4Rtiiatp9SNjm","system_fingerprint":"fp_44709d6fcb"}',
  '{"tool_call_id":"call_bAbFnyKCYuwGp8fpX4nXILDK","id":"toolu_01A09q90qw90lq917835lq9"}',
  '{"run_id":"65f6ef07-f0f3-44b7-a316-c68b145b25a0","trace_id":"46cca3c2f459cd526fe1a206cb512c8e"}',
  'commit e31eb9bcdc220052ba66b02fc2d9d741fbf107cb\nAuthor: bot',
  '{"etag":"\\"1c5d55a683a34965eb8ef99c6f4790bc\\"","digest":"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}',
  `{"image_url":{"url":"data:image/png;base64,${image}"}}`,
  `{"type":"thinking","signature":"${image.slice(0, 400)}","encrypted_content":"${image}"}`,
  '{"type":"object","properties":{"password":{"type":"string","description":"the user password"},"token":{"type":"string"}},"required":["password","token"]}',
  '{"usage":{"prompt_tokens":12,"total_tokens":40},"max_tokens":4096,"next_page_token":"CAUQAA-abcdefgh12","tokens":["hello","wonderful1"]}',
  'Set the header Authorization: Bearer <token> and export OPENAI_API_KEY=... before running',
  'const key = process.env.OPENAI_API_KEY; password: z.string(); token: getToken(); api_key: {{API_KEY}}',
  "SELECT id FROM users WHERE password IS NOT NULL AND secret_question = 'pet'",
  'https://example.test/path?page=2&sort=asc&sig_version=4',
  'The password is required. Your token: optional. Secret: none. disk-space risk-based task-oriented-planning-system',
  '{"password":"","secret":null,"token":true,"api_key":"your-api-key-here"}',
])('leaves alone what is no secret given %j', (text) => {
  expect(redactor().text(text)).toBe(text)
})

test('replaces a value everywhere once it was recognised anywhere', () => {
  const one = redactor()
  const value = 'Quux-1234-flub'
  expect(one.text(`before ${value}`)).toContain(value)
  expect(one.text(`${value} {"x": 1} password="${value}"`)).not.toContain(value)
  expect(one.text(`after ${value} ${encodeURIComponent(`${value}`)}`)).not.toContain(value)
  expect(one.leaks(`{"x":"${value}"}`)).toBe(true)
  expect(one.leaks('nothing here')).toBe(false)
})

test('obeys no directive in the text', () => {
  const key = KEYS.github as string
  for (const directive of ['secretlint-disable', 'gitleaks:allow', 'nosec', 'rdx-000000000000']) {
    expect(redactor().text(`<!-- ${directive} --> ${key} // ${directive}`)).not.toContain(key)
  }
})

test('follows the rules of a project', () => {
  const rules = { names: ['Passport_No'], headers: ['X-Tenant'], values: ['Blue Moon'], patterns: [/EMP-\d{5}/] }
  const one = redactor({ rules })
  expect(one.json({ passport_no: 'AB123456x' })).toEqual({ passport_no: expect.stringMatching(/^rdx-/) })
  expect(one.headers([['x-tenant', 'acme']])).toEqual([['x-tenant', expect.stringMatching(/^rdx-/)]])
  expect(one.text('Blue Moon and EMP-12345, EMP-54321').replace(TOKEN, '#')).toBe('# and #, #')
})

test('keeps nothing of a value that it fails to search', () => {
  const pattern = /x/g
  Object.defineProperty(pattern, Symbol.matchAll, {
    value: () => {
      throw new Error('planted')
    },
  })
  const one = redactor({ rules: { patterns: [pattern] } })
  const secret = 'some text with x in it'
  const results = [
    one.text(secret),
    one.url(secret),
    one.json({ a: secret }),
    one.headers([['x-any', secret]]),
    one.payload({ text: secret }),
    one.chunks([
      [0, { text: secret }],
      [1, { base64: 'AAAA' }],
    ]),
    one.error({ name: 'E', message: secret }),
  ]
  for (const result of results) expect(JSON.stringify(result)).toMatch(/redaction_failed/)
  expect(JSON.stringify(results)).not.toContain('with x')
})

test.for([
  'a',
  'sk-',
  'sk-a ',
  'eyJ-',
  'eyJaaaaaaaa.',
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN ',
  '://',
  '://a:',
  '?a',
  '?key=',
  '&a=b',
  'token=',
  'token:',
  'password="',
  'key=\'x key="y ',
  'Bearer a',
  ' -u a',
  '{"a":',
  '["',
  '{"a":"\\"',
  '\\',
  'abcd',
  '[',
  'password    ',
  'data: {\n',
  'data: {"delta":"x"}\n',
  '{"a":1}\n',
  '1',
  '12345678:AA',
  'AKIA',
  'a.b.',
  'rdx-0123456789ab',
])('takes time in proportion to the text given 100 kB of %j', (piece) => {
  // A pattern that goes back and forth would take minutes for this, not more than the time-out of a test.
  for (let i = 0; i < 5; i++) redactor().text(piece.repeat(Math.ceil(100_000 / piece.length)))
})

test('knows the names of secrets from those that sound like them', () => {
  const secret = [
    'password',
    'DB_PASSWORD',
    'apiKey',
    'api-key',
    'OPENAI_API_KEY',
    'client_secret',
    'AccessKeyId',
    'refreshToken',
    'GITHUB_PAT',
    'STRIPE_KEY',
    'SECRET_KEY_BASE',
    'private_key',
  ]
  const harmless = [
    'max_tokens',
    'next_page_token',
    'nextPageToken',
    'tokenizer',
    'token_count',
    'KEYBOARD',
    'PWD',
    'PUBLIC_KEY',
    'primary_key',
    'idempotency_key',
    'monkey',
    'passenger',
    'secretary',
    'MAX_TOKENS',
    'CACHE_KEY',
  ]
  expect(secret.filter((name) => !isSecretName(name))).toEqual([])
  expect(harmless.filter(isSecretName)).toEqual([])
})
