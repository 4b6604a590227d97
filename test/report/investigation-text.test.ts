import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMs } from '../../src/core/format-ms.ts'
import { escapeJson, escapeTerminal, fitText, wrapText } from '../../src/report/terminal-text.ts'

test('keeps what people write and shows what they cannot see', () => {
  expect(escapeTerminal('Grüße, 世界 — “ok” 🙂')).toBe('Grüße, 世界 — “ok” 🙂')
  expect(escapeTerminal('a\tb\u0000\u007f\u00ad\u2060\ud800')).toBe('a\\tb\\x00\\x7f\\xad\\u{2060}\\u{d800}')
})

test('says how much it cut', () => {
  expect(escapeTerminal('abcdef', 4)).toBe('abcd… (+2)')
  expect(escapeTerminal('abcd', 4)).toBe('abcd')
  expect(escapeTerminal('🙂🙂🙂', 2)).toBe('🙂🙂… (+2)')
})

test('breaks commands of CI systems', () => {
  expect(escapeTerminal('::set-output::')).toBe('\\x3a:set-output::')
  expect(escapeTerminal('  ::x')).toBe('  \\x3a:x')
  expect(escapeTerminal('std::string')).toBe('std::string')
  expect(escapeTerminal('a ##[group]b ##vso[task] ## title')).toBe('a \\x23#[group]b \\x23#vso[task] ## title')
})

test('parses to the same value given JSON with hostile text escaped', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
      const pretty = JSON.stringify(JSON.parse(json), null, 2)
      expect(JSON.parse(escapeJson(pretty))).toEqual(JSON.parse(pretty))
      expect(escapeJson(pretty)).not.toMatch(/[^\P{C}\n]/u)
    }),
  )
})

test('loses no word given text is wrapped', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b') })),
      fc.integer({ min: 1, max: 20 }),
      (words, width) => {
        const lines = wrapText(words.join(' '), width)
        expect(lines.join(' ')).toBe(words.join(' '))
        for (const line of lines) if (line.includes(' ')) expect(line.length).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test('shows times in the unit that fits', () => {
  expect([0, 12.34, 999, 1000, 59_994, 60_000, 605_400, 3_600_000, 86_370_000].map(formatMs)).toEqual([
    '0 ms',
    '12.3 ms',
    '999 ms',
    '1.00 s',
    '59.99 s',
    '1 min 00 s',
    '10 min 05 s',
    '1 h 00 min',
    '24 h 00 min',
  ])
  expect(formatMs(Number.NaN)).toBe('NaN ms')
})

test('cuts between characters', () => {
  expect(fitText('🙂🙂🙂', 2)).toBe('🙂…')
  expect(fitText('ab', 2)).toBe('ab')
})
