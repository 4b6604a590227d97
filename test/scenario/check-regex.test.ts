import { expect, test } from 'vitest'
import { findRegexProblem } from '../../src/scenario/checks/check-regex.ts'

test.each([
  '(a+)+',
  '(a*)*$',
  '^(\\w+\\s?)+$',
  '(a|a)*',
  '(a|ab)+',
  '(.|x)+',
  '(?:a+){2,}',
  '(?<name>a+)*',
  '((a+)b)*',
  '(aa?)+',
  '([a-z]+)*@',
  '(x(a+)+)',
  '(a+){11}',
  '(|a)+',
  '(?=(a+)+)b',
])('refuses a regular expression that may take for ever given %s', (source) => {
  expect(findRegexProblem(source)).not.toBeNull()
})

test.each([
  'refund policy',
  '^\\{"hits": \\[\\]\\}$',
  '[a-z ]+',
  'a+b+c+',
  '(foo|bar)+',
  '(ab)+',
  '(a+)?',
  '(a+){2,5}',
  '(?:refund|credit) within \\d{1,3} days',
  '[(a+)+]',
  '\\(a+\\)+',
  '(a\\+)+',
  'a{1,3}',
  '(?i:refund)',
  '(?<!not )refunded',
])('takes a regular expression given %s', (source) => {
  expect(findRegexProblem(source)).toBeNull()
})

test('refuses a regular expression given more than 500 characters', () => {
  expect(findRegexProblem('a'.repeat(500))).toBeNull()
  expect(findRegexProblem('a'.repeat(501))).not.toBeNull()
})

test.each(['(', '[', '*', 'a{2,1}', '(?<a>x)(?<a>y)', '\\'])('refuses what does not compile given %s', (source) => {
  expect(findRegexProblem(source)).not.toBeNull()
})
