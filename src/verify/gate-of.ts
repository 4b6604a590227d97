import type { GateResult, Verdict } from '../model/verdict.ts'

/**
 * Says whether a verdict passes its gate: only when it is the one expected. Where nothing was proved against the
 * candidate either, the gate is `inconclusive` rather than failed; it never passes.
 *
 * @param expect the verdict the scenario expects; `fixed` by default
 */
export function gateOf(verdict: Verdict, expect: Verdict = 'fixed'): GateResult {
  if (verdict === expect) return 'pass'
  return verdict === 'inconclusive' || verdict === 'not_reproduced' ? 'inconclusive' : 'fail'
}
