import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderDivergence } from '../../src/report/render-divergence.ts'
import { renderJUnit } from '../../src/report/render-junit.ts'
import { renderVerdicts } from '../../src/report/render-verdicts.ts'
import { renderJson, toJsonReport } from '../../src/report/to-json-report.ts'
import { hostileReports, hostileText } from './hostile.ts'
import { findElements, parseXml } from './parse-xml.ts'
import { makeDivergence } from './reports.ts'

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** Fails when a terminal or a CI log would act on the text, or not show all of it. */
function expectHarmless(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours are allowed
  for (const line of text.replace(/\u001b\[(1|2|22|31|32|33|36|39)m/g, '').split('\n')) {
    expect(line).not.toMatch(HIDDEN)
    expect(line).not.toMatch(/^\s*::/)
    expect(line).not.toMatch(/##[a-z]*\[/i)
  }
}

test('shows hostile recorded text visibly given verdicts in a terminal', () => {
  fc.assert(
    fc.property(hostileReports, fc.boolean(), (reports, color) => {
      expectHarmless(renderVerdicts(reports, { color, exit_code: 1 }))
    }),
    { numRuns: 300 },
  )
}, 120_000)

test('shows hostile recorded text visibly given a divergence', () => {
  fc.assert(
    fc.property(fc.array(hostileText, { minLength: 6, maxLength: 6 }), fc.boolean(), (texts, color) => {
      const [path, recorded, asked, text_diff, summary, kind] = texts as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const difference = { path, recorded, asked, text_diff }
      expectHarmless(
        renderDivergence(makeDivergence({ difference, summary, kind: kind as never, remedies: [path] }), { color }),
      )
    }),
    { numRuns: 500 },
  )
})

test('is well-formed XML with one test case a candidate given 1000 hostile reports', () => {
  fc.assert(
    fc.property(hostileReports, hostileText, (reports, release) => {
      const text = renderJUnit(reports, { release })
      const root = parseXml(text)
      const candidates = reports.flatMap((report) => report.candidates)
      expect(findElements(root, 'testsuite')).toHaveLength(reports.length)
      expect(findElements(root, 'testcase')).toHaveLength(candidates.length)
      const red = findElements(root, 'failure').length + findElements(root, 'error').length
      expect(red).toBeGreaterThanOrEqual(candidates.filter(({ gate }) => gate !== 'pass').length)
      expect(Number(root.attributes.failures) + Number(root.attributes.errors)).toBe(red)
      expectHarmless(text)
    }),
    { numRuns: 1000 },
  )
}, 120_000)

test('keeps the exact text, escaped on the way, given a JSON report', () => {
  fc.assert(
    fc.property(hostileReports, (reports) => {
      const value = toJsonReport('0.0.0', reports, { exit_code: 1 })
      const text = renderJson(value)
      expect(JSON.parse(text)).toEqual(value)
      expectHarmless(text)
      const scenarios = (value as { scenarios: { id: string; candidates: { agent: string }[] }[] }).scenarios
      for (const [i, report] of reports.entries()) {
        expect(scenarios[i]?.id).toBe(report.id)
        for (const [j, { agent }] of report.candidates.entries()) expect(scenarios[i]?.candidates[j]?.agent).toBe(agent)
      }
    }),
    { numRuns: 300 },
  )
}, 120_000)

test('renders the same bytes twice', () => {
  fc.assert(
    fc.property(hostileReports, (reports) => {
      const options = { color: false, exit_code: 3 }
      expect(renderVerdicts(reports, options)).toBe(renderVerdicts(structuredClone(reports), options))
      expect(renderJUnit(reports)).toBe(renderJUnit(structuredClone(reports)))
    }),
    { numRuns: 50 },
  )
})

test('refuses what is no XML', () => {
  const declared = (body: string) => () => parseXml(`<?xml version="1.0" encoding="UTF-8"?>${body}`)
  for (const body of [
    '<a>',
    '<a></b>',
    '<a x="1" x="2"/>',
    '<a>]]></a>',
    '<a>&nbsp;</a>',
    '<a>&</a>',
    '<a/><b/>',
    '<a>\u0001</a>',
    '<a x="<"/>',
    '<a x="1"y="2"/>',
  ]) {
    expect(declared(body), body).toThrow(SyntaxError)
  }
  expect(declared('<a x="&lt;">]]&gt;<b/></a>')).not.toThrow()
})
