import { expectTypeOf, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import type { Interaction } from '../../src/model/interaction.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { Signals } from '../../src/model/signal.ts'
import type { CandidateReport, GateResult, Verdict } from '../../src/model/verdict.ts'

test('an interaction tells its kinds apart given a check of its kind', () => {
  const read = (interaction: Interaction) => {
    if (interaction.kind === 'http')
      expectTypeOf(interaction.door).toEqualTypeOf<'fetch' | 'undici' | 'http' | 'http2' | 'stdio' | 'transport'>()
    else expectTypeOf(interaction.args).toEqualTypeOf<JsonValue>()
  }
  expectTypeOf(read).parameter(0).toEqualTypeOf<Interaction>()
})

test('a recording says that its run may not have finished', () => {
  expectTypeOf<null>().toExtend<Recording['finish']>()
})

test('a report holds verdicts and gate results, and never confuses them', () => {
  expectTypeOf<CandidateReport['verdict']>().toEqualTypeOf<Verdict>()
  expectTypeOf<CandidateReport['gate']>().toEqualTypeOf<GateResult>()
  expectTypeOf<Extract<Verdict, GateResult>>().toEqualTypeOf<'inconclusive'>()
})

test('signals hold null, never undefined, given nothing to say', () => {
  expectTypeOf<Extract<Signals[keyof Signals], undefined>>().toBeNever()
})
