/** Plain words: nothing in them looks like a secret, an id or a time. */
const WORDS =
  'the customer asked whether an order that was placed on account can be changed after it left our house and which ' +
  'policy applies when only part of it has arrived we looked at refunds returns exchanges and vouchers in turn first ' +
  'check who paid then find what was agreed and answer in two or three short sentences without promising anything that ' +
  'the page does not say if nothing fits hand over to a colleague with a summary of what is known so far'
const VOCABULARY = WORDS.split(' ')

/** Text of about `length` characters, always the same for one seed. */
export function textOf(seed: number, length: number): string {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0
  let text = `item ${seed}:`
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    text += ` ${VOCABULARY[(state >>> 8) % VOCABULARY.length]}`
  }
  return text
}
