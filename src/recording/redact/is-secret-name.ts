/** Headers whose value is a credential, whatever it looks like. */
const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-amz-security-token',
  'x-auth-token',
  'x-access-token',
  'x-csrf-token',
  'x-vault-token',
  'private-token',
  'ocp-apim-subscription-key',
  'x-functions-key',
])

/** Parameters of a URL that sign or open what it points to, besides those whose name says so. */
const SECRET_PARAMETERS = new Set(['key', 'sig', 'signature', 'xamzsignature', 'xgoogsignature', 'auth', 'pass'])

const SECRET_END =
  /(?:password|passwd|passphrase|passcode|pwd|secret|apikey|accesskey|accesskeyid|secretkey|privatekey|privatekeyid|encryptionkey|signingkey|masterkey|accountkey|sharedkey|subscriptionkey|functionskey|authkey|token|bearer|authorization|credentials?|cookie)$/

/** Tokens that open nothing: those of a text, and the positions of a listing. */
const HARMLESS_TOKEN =
  /(?:page|next|prev|previous|continuation|continue|cursor|sync|resume|delta|start|stop|end|first|last|max|min|special|unknown|unk|pad|padding|mask|eos|bos|sep|cls|public|client|device|per|response|count)token$/

const PASSWORD = /(?:password|passwd|passphrase|passcode|pwd)$/

const SECRET_VARIABLE = /(?:^|_)(?:KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PWD|CREDENTIALS?|PAT|PASSPHRASE)(?:_|$)/
const HARMLESS_VARIABLE =
  /(?:PUBLIC|PRIMARY|FOREIGN|CACHE|SORT|PARTITION)_?KEY|^(?:OLD)?PWD$|_(?:FILE|PATH|DIR|NAME|TTL|URL|TYPE|COUNT|LIMIT|BUDGET)$|^(?:MAX|MIN)_|SECRET_ID$/

/**
 * True for a name of a field, setting or environment variable whose value is a secret: `password`, `apiKey`, `client_secret`,
 * `OPENAI_API_KEY`. A name in capitals is taken for a variable, which may hold a secret by any part of its name.
 */
export function isSecretName(name: string): boolean {
  if (/^[A-Z][A-Z0-9_]*$/.test(name)) return SECRET_VARIABLE.test(name) && !HARMLESS_VARIABLE.test(name)
  const plain = flatten(name)
  return SECRET_END.test(plain) && !HARMLESS_TOKEN.test(plain)
}

/** True for a name whose value a person chose: it may be short and need not look random. */
export function isPasswordName(name: string): boolean {
  return PASSWORD.test(flatten(name))
}

/** True for a header whose value is a secret. Case does not matter. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase()) || isSecretName(name)
}

/** True for a URL parameter whose value is a secret. */
export function isSecretParameter(name: string): boolean {
  const plain = flatten(name)
  if (plain.endsWith('credential')) return false // a key id, a date and a region; the key id is known by its prefix
  return SECRET_PARAMETERS.has(plain) || isSecretName(name)
}

function flatten(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}
