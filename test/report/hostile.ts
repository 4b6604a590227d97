import fc from 'fast-check'
import { EVIDENCE_GRADES } from '../../src/model/evidence.ts'
import { type CandidateReport, type ScenarioReport, VERDICTS } from '../../src/model/verdict.ts'
import { makeSignals, makeSpan } from '../verify/runs.ts'
import { makeBaseline, makeCandidate, makeDivergence, makeFindings, makeScenario } from './reports.ts'

/** Texts that terminals, CI systems and XML readers act on. */
const PAYLOADS = [
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  'done\rPASS',
  'a\nb\n::error::planted',
  '::add-mask::x',
  '  ::stop-commands::x',
  '##[error]planted',
  '##vso[task.setvariable variable=x]y',
  '\u202egnp.exe',
  'zero\u200bwidth\ufeff\u00ad',
  '\u0000\u0008\u007f\u009b31m',
  '\ud800 lone',
  ']]><failure/>',
  '<script>alert(1)</script>',
  '" onload="x',
  "it's & <b>",
  '&amp;&#0;&unknown;',
  '\ufffe\uffff\u{1f600}\u{e0041}',
  '%s $\u007b7*7} {{7*7}}',
  '__proto__',
  'constructor',
  '\u2028\u2029',
]

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...PAYLOADS),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.tuple(fc.constantFrom(...PAYLOADS), fc.constantFrom(...PAYLOADS)).map(([a, b]) => `${a}${b}`),
)

const t = hostileText

const hostileCandidate: fc.Arbitrary<CandidateReport> = fc
  .record({
    texts: fc.array(t, { minLength: 12, maxLength: 12 }),
    verdict: fc.constantFrom(...VERDICTS),
    expected: fc.constantFrom(...VERDICTS),
    gate: fc.constantFrom('pass', 'fail', 'inconclusive'),
    grade: fc.constantFrom(...EVIDENCE_GRADES),
    number: fc.oneof(fc.nat(), fc.constant(Number.NaN), fc.constant(Number.POSITIVE_INFINITY)),
    bare: fc.boolean(),
  })
  .map(({ texts, verdict, expected, gate, grade, number, bare }) => {
    const at = (i: number) => texts[i % texts.length] as string
    const role = (i: number) => ({ present: bare, observed: `${at(i)} = ${at(i + 1)}`, value: at(i + 1) })
    const difference = { path: at(0), recorded: at(1), asked: at(2), text_diff: bare ? '' : `- ${at(3)}\n${at(4)}` }
    return makeCandidate({
      id: at(0),
      agent: at(1),
      verdict,
      expect: expected,
      gate,
      evidence: { coverage: number, grades: { [grade]: 2 }, worst: grade, unused: [at(2)] },
      assumptions: [at(3), at(4)],
      findings: bare ? null : { trigger: role(5), cause: role(6), symptom: role(7) },
      signals: makeSignals({
        stop_reason: at(8),
        error_classes: Object.fromEntries([[at(9), 1]]),
        slowest_span: makeSpan({ name: at(10), attributes: { [at(11)]: at(0) } }),
        run_latency_ms: number,
      }),
      divergences: [
        makeDivergence({ request: at(1), summary: at(2), kind: at(3) as never, remedies: [at(4)], difference }),
        makeDivergence({ nearest: { interaction: at(5), step: 1, used: bare }, grade: 'none' }),
      ],
      egress: [{ layer: at(6), target: at(7), at: at(8) }],
      reasons: [
        { code: 'agent_threw', message: at(9), data: { text: at(10) } },
        { code: at(11), message: at(0) },
      ],
      recording: at(1),
      duration_ms: number,
    })
  })

export const hostileReports: fc.Arbitrary<ScenarioReport[]> = fc.array(
  fc
    .record({
      candidates: fc.array(hostileCandidate, { maxLength: 3 }),
      texts: fc.array(t, { minLength: 6, maxLength: 6 }),
      seeded: fc.boolean(),
      verdict: fc.constantFrom('reproduced', 'not_reproduced', 'inconclusive', 'error'),
    })
    .map(({ candidates, texts, seeded, verdict }) => {
      const [id, title, file, agent, message, seed] = texts as [string, string, string, string, string, string]
      const reasons = [{ code: message, message }]
      const baseline = makeBaseline({ verdict, agent, reasons, recording: file, findings: makeFindings(3, message) })
      return makeScenario(candidates, { id, title, file, seed, seeded, baseline })
    }),
  { maxLength: 3 },
)
