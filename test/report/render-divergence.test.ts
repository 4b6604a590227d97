import { expect, test } from 'vitest'
import { renderDivergence } from '../../src/report/render-divergence.ts'
import { makeDivergence } from './reports.ts'

const render = (overrides: Parameters<typeof makeDivergence>[0] = {}) =>
  renderDivergence(makeDivergence(overrides), { color: false })

test('shows what was asked, what differs and what to do given a changed prompt', () => {
  expect(render()).toMatchInlineSnapshot(`
    "step 4  llm_generate small-model   asked something the recording does not hold   ERR_REPLAY_DIVERGED
            POST https://model.example/v1/chat/completions
            nearest: step 4 of the recording (c4), equal but for $.messages[0].content (system prompt)
            - Search until you find it.
            + Search twice at most.
            The recorded answer was given to the old prompt; it proves nothing about this one (grade: stale).
            You can: run live and pin the answers
                     name a recording with this prompt as evidence
    "
  `)
})

test('says that the replay stopped given that nothing was served', () => {
  const overrides = { grade: 'none', nearest: null, difference: null, kind: 'new_request', remedies: [] } as const
  expect(render({ ...overrides, remedies: [] })).toMatchInlineSnapshot(`
    "step 4  llm_generate small-model   asked something the recording does not hold   ERR_REPLAY_DIVERGED
            POST https://model.example/v1/chat/completions
            nearest: nothing in the recording is comparable
            Nothing was served, and the replay stops here (grade: none).
    "
  `)
})

test('shows both values given a difference without a text diff', () => {
  const difference = { path: '$.temperature', recorded: null, asked: '0.2', text_diff: '' }
  const nearest = { interaction: 'c2', step: 2, used: true }
  expect(render({ difference, nearest, kind: 'exhausted' })).toMatchInlineSnapshot(`
    "step 4  llm_generate small-model   asked once more than the recording can answer   ERR_REPLAY_DIVERGED
            POST https://model.example/v1/chat/completions
            nearest: step 2 of the recording (c2, already asked for), equal but for $.temperature
            - (absent)
            + 0.2
            The recorded answer was given to a different question; it proves nothing about this one (grade: stale).
            You can: run live and pin the answers
                     name a recording with this prompt as evidence
    "
  `)
})

test('cuts a long diff and says so', () => {
  const text_diff = Array.from({ length: 40 }, (_, i) => `+ line ${i}`).join('\n')
  const text = render({ difference: { path: '$', recorded: null, asked: null, text_diff } })
  expect(text.match(/\+ line/g)).toHaveLength(12)
  expect(text).toContain('(28 more lines)')
})

test('renders a kind named like a method as any other unknown kind', () => {
  expect(render({ kind: 'constructor' as never })).toContain('equal but for $.messages[0].content\n')
  expect(render({ kind: 'constructor' as never })).toContain('given to a different question')
})

test('paints removed and added lines given colour', () => {
  const text = renderDivergence(makeDivergence(), { color: true })
  expect(text).toContain('\u001b[31m        - Search until')
  expect(text).toContain('\u001b[32m        + Search twice')
})
