/** Variables that steer where an agent goes and how it behaves, and that are no secrets by their kind. */
const KEPT = /^(TZ|LANG|LC_[A-Z]+|NODE_ENV)$|_(URL|URI|HOST|PORT|ENDPOINT|REGION|MODEL)$/

/** Whether a recording keeps a variable of this name whenever it is set: what it does not hold was not set. */
export function isKeptVariable(name: string): boolean {
  return KEPT.test(name)
}

/** Whether a secret of this name is a key that clients insist on having: a recording keeps that it was set. */
export function isApiKey(name: string): boolean {
  return /(API_?KEY|ACCESS_?KEY|SECRET_?KEY|AUTH_?TOKEN|API_?TOKEN|ACCESS_?TOKEN|_TOKEN|_KEY)/i.test(name)
}
