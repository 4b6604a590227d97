import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunTrace, Span } from '../../src/model/trace.ts'
import { renderSummary } from '../../src/report/investigation-summary.ts'
import { type Investigation, renderInvestigation } from '../../src/report/render-investigation.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { debugRun } from '../../src/signals/debug-run.ts'
import { hypothesise } from '../../src/signals/hypothesise.ts'
import { pointTo } from '../../src/signals/span-like.ts'
import { call, llm, span, trace } from '../signals/build-trace.ts'

const PLAIN = { color: false }

function investigate(run: RunTrace, fields: Partial<Investigation> = {}): Investigation {
  const signals = computeSignals(run)
  const hypotheses = hypothesise({ signals })
  return { trace: run, signals, hypotheses, integrity: 'sealed', notes: [], file: 'recordings/run_1.jsonl', ...fields }
}

const retryStorm = trace({
  context: { release: 'v1.4.2', workflow: 'refund', agent: 'support-agent' },
  input: { question: 'How do I get my money back?' },
  output: 'I could not find the document.',
  stop_reason: 'max_steps',
  latency_ms: 36_212,
  spans: [
    {
      ...llm('l1', 2, { 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'gpt-4o-2024-08-06' }),
      latency_ms: 812,
    },
    span('t1', { at: 815, latency_ms: 10_002, error_class: 'timeout', attributes: { 'retrial.retries': 2 } }),
    {
      ...span('h1', {
        at: 816,
        step_type: 'http_request',
        name: 'GET https://docs.example/search',
        latency_ms: 10_000,
      }),
      parent_id: 't1',
    },
    span('t2', { at: 12_000, latency_ms: 10_003, error_class: 'timeout' }),
  ],
  events: [call('search', 'a', { result_hash: 'e' }), call('search', 'a', { result_hash: 'e' })],
})

test('reads as a short investigation given a retry storm', () => {
  const notes = [{ at_ms: 12.5, code: 'blocked_egress', message: 'tcp 192.0.2.1:443' }]

  expect(renderInvestigation(investigate(retryStorm, { integrity: 'unsealed', notes }), PLAIN)).toMatchInlineSnapshot(`
    "run_1 · release v1.4.2 · workflow refund · agent support-agent
      model      gpt-4o (answered by gpt-4o-2024-08-06)
      started    2025-10-09T08:53:20.000Z, took 36.21 s, ended with max_steps
      input      {"question":"How do I get my money back?"}
      output     I could not find the document.
      points to  tool_layer_failure, repeated_tool_calls, stuck_in_loop, retried_requests, error_cascade
      file       recordings/run_1.jsonl
      integrity  unsealed: every line is good, but the recording was never closed; it can be debugged, it cannot prove a fix

    Timeline
      #      offset     latency  step          name
      1        2 ms      812 ms  llm_generate  gpt-4o                             ok
      2      815 ms     10.00 s  tool_call     search                             error timeout 2 retries  ◀ first error
      3      816 ms     10.00 s  http_request  └ GET https://docs.example/search  ok
      4     12.00 s     10.00 s  tool_call     search                             error timeout  ◀ slowest

    Signals
      first_error_span      #2 tool_call search timeout (a pointer, not the cause)
      slowest_span          #4 tool_call search 10.00 s
      stop_reason           max_steps
      error_classes         timeout ×2
      error_cascade         1 other error close to the first: same tool or class, or nested
      repeated_tool_calls   search ×1
      repeated_same_result  search ×1
      loop_length           a cycle of 1 call, at least twice in a row
      retries               search ×2
      totals                3 steps, 1 model call, 2 tool calls, 0 tokens in, 0 out, 36.21 s
      none of               truncated_answers, malformed_tool_arguments, unknown_tools, context_growth

    Hypotheses (guesses to test by a replay)
      1. tool_layer_failure
         The first error is in a call of the tool search. That points to the tool layer; whether it is
         the cause depends on what the agent did with the error.
         evidence  first_error_span #2 tool_call search
         check     - Look at the tool's availability at the time of the run.
                   - Compare the call's latency with the tool's time-out and retry policy.
      2. repeated_tool_calls
         Tools were called again with arguments already used: search ×1. The agent may lack a stop
         condition; where the result changed from call to call it may only be polling.
         evidence  repeated_tool_calls search ×1
         check     - Look for a missing stop condition or budget around the repeated call.
                   - See whether equal calls are deduplicated or answered from a cache.
      3. stuck_in_loop
         The agent repeated calls until its step budget ran out: it was probably stuck in a loop.
         evidence  stop_reason = max_steps · repeated_tool_calls search ×1
                   repeated_same_result search ×1 · loop_length = 1
         check     - Read what the model was told between two equal calls, and why that did not change
                     its mind.
                   - See whether the agent has a rule that ends a loop before the step budget does.
      4. retried_requests
         Requests were sent again inside a client: search ×2.
         evidence  retries search ×2 · error_classes timeout ×2
         check     - Look at the status of the attempts (rate limit, overload, broken connection) and at
                     how long the waits were.
      5. error_cascade
         Later errors share the tool or the class of the first one, or stand around it: read them as
         one.
         evidence  first_error_span #2 search · followed = 1 · error_classes timeout ×2
         check     - Start with the first error of the group; look at the others only if they remain
                     once it is gone.

    Notes of the recording
      12.5 ms blocked_egress: tcp 192.0.2.1:443

    | Run | first_error_span | slowest_span | stop_reason | Conclusion |
    |---|---|---|---|---|
    | run_1 | tool_call search (timeout) | tool_call search 10.00 s | max_steps | tool_layer_failure, repeated_tool_calls, stuck_in_loop, retried_requests, error_cascade |
    "
  `)
})

test('says that nothing points anywhere given a run that went well', () => {
  expect(renderInvestigation(investigate(trace()), PLAIN)).toMatchInlineSnapshot(`
    "run_1
      started  2025-10-09T08:53:20.000Z, took 1.00 s, ended with completed
      input    question
      output   answer
      file     recordings/run_1.jsonl

    Timeline
      (no spans)

    Signals
      first_error_span  none (most runs that go wrong have none either: the answers are the next place to look)
      slowest_span      none
      stop_reason       completed
      totals            0 steps, 0 model calls, 0 tool calls, 0 tokens in, 0 out, 1.00 s
      none of           error_classes, error_cascade, repeated_tool_calls, repeated_same_result, loop_length, retries, truncated_answers, malformed_tool_arguments, unknown_tools, context_growth

    Hypotheses (guesses to test by a replay)
      none: no rule matches. Read the model answers in order, and compare with a run that went well.

    | Run | first_error_span | slowest_span | stop_reason | Conclusion |
    |---|---|---|---|---|
    | run_1 | none | none | completed | no hypothesis |
    "
  `)
})

test('collapses a long timeline to its ends, its errors and what matters given 200 spans', () => {
  const spans = Array.from({ length: 200 }, (_, i) =>
    i % 2 === 0 ? llm(`s${i}`, i) : span(`s${i}`, { at: i, error_class: i === 101 || i === 121 ? 'timeout' : null }),
  )
  const text = renderInvestigation(investigate(trace({ spans })), PLAIN)
  const timeline = text.slice(text.indexOf('Timeline'), text.indexOf('Signals'))

  expect(timeline).toMatchInlineSnapshot(`
    "Timeline
        #      offset     latency  step          name
        1        0 ms       10 ms  llm_generate  gpt-4o  ok  ◀ slowest
        2        1 ms       10 ms  tool_call     search  ok
        3        2 ms       10 ms  llm_generate  gpt-4o  ok
        4        3 ms       10 ms  tool_call     search  ok
        5        4 ms       10 ms  llm_generate  gpt-4o  ok
        6        5 ms       10 ms  tool_call     search  ok
        7        6 ms       10 ms  llm_generate  gpt-4o  ok
        8        7 ms       10 ms  tool_call     search  ok
        … 91 spans not shown: 46 llm_generate, 45 tool_call
      100       99 ms       10 ms  tool_call     search  ok
      101      100 ms       10 ms  llm_generate  gpt-4o  ok
      102      101 ms       10 ms  tool_call     search  error timeout  ◀ first error
      103      102 ms       10 ms  llm_generate  gpt-4o  ok
      104      103 ms       10 ms  tool_call     search  ok
        … 17 spans not shown: 9 llm_generate, 8 tool_call
      122      121 ms       10 ms  tool_call     search  error timeout
        … 70 spans not shown: 35 llm_generate, 35 tool_call
      193      192 ms       10 ms  llm_generate  gpt-4o  ok
      194      193 ms       10 ms  tool_call     search  ok
      195      194 ms       10 ms  llm_generate  gpt-4o  ok
      196      195 ms       10 ms  tool_call     search  ok
      197      196 ms       10 ms  llm_generate  gpt-4o  ok
      198      197 ms       10 ms  tool_call     search  ok
      199      198 ms       10 ms  llm_generate  gpt-4o  ok
      200      199 ms       10 ms  tool_call     search  ok

    "
  `)
})

test('keeps the timeline short given nothing but errors', () => {
  const spans = Array.from({ length: 500 }, (_, i) => span(`s${i}`, { at: i, error_class: 'timeout' }))
  const text = renderInvestigation(investigate(trace({ spans })), PLAIN)

  expect(text.slice(0, text.indexOf('Signals')).split('\n').length).toBeLessThan(55)
  expect(text).toContain('with error')
})

test('shows every span once given spans that are each other’s parents', () => {
  const circle = ['a', 'b'].map((id, i) => span(id, { at: i, name: `tool_${id}`, parent_id: i === 0 ? 'b' : 'a' }))
  const text = renderInvestigation(investigate(trace({ spans: circle })), PLAIN)

  expect(text.match(/tool_call {5}\W*tool_[ab] /g)).toHaveLength(2)
})

test('escapes what a terminal, a log viewer or a Markdown table would act on', () => {
  const hostile = 'a\u001b]8;;x\u0007\r\n::error::b \u202e c\u200b ##[error]d | `e` \u009b31m'
  const spans = [span('t', { name: hostile, error_class: hostile })]
  const text = renderInvestigation(
    investigate(trace({ context: { run_id: '::warning::x' }, spans, stop_reason: hostile })),
    { color: false, width: 400 },
  )

  expect(text.split('\n')[0]).toBe('\\x3a:warning::x')
  expect(text).toContain('a\\x1b]8;;x\\x07\\r\\n::error::b \\u{202e} c\\u{200b} \\x23#[error]d | `e` \\x9b31m')
  expect(text.trimEnd().split('\n').at(-1)?.replaceAll('\\|', '').match(/\|/g)).toHaveLength(6)
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom('::', '##[', '##vso[', '\n', '\r', '\u001b[31m', ' ', '\u2066', '\ufeff', '\ud800', '|', 'word'),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)
const anySpan = fc.record({
  span_id: text,
  parent_id: fc.option(text, { nil: null }),
  name: text,
  step_type: fc.constantFrom<Span['step_type']>('tool_call', 'llm_generate'),
  error_class: fc.option(text, { nil: null }),
  started_at_ms: fc.double(),
  latency_ms: fc.double(),
})

test('prints only printable characters, line feeds and own colours, and no command, given any recorded text', () => {
  const runs = fc.record({
    run: text,
    stop: text,
    tool: text,
    output: text,
    file: text,
    spans: fc.array(anySpan, { maxLength: 6 }),
  })
  fc.assert(
    fc.property(
      runs,
      fc.boolean(),
      fc.integer({ min: 1, max: 200 }),
      ({ run, stop, tool, output, file, spans }, color, width) => {
        const recorded = trace({
          context: { run_id: run, release: run, workflow: run, agent: run },
          stop_reason: stop,
          output,
          input: { [tool]: output },
          spans: spans.map((fields) => span('s', fields)),
          events: [call(tool, 'a'), call(tool, 'a')],
        })
        const notes = [{ at_ms: 0, code: tool, message: output }]
        const plain = debugRun(
          run,
          recorded.spans.map((s) => ({ ...s, run_id: run })),
          recorded.events.map((e) => ({ ...e, run_id: run })),
        )

        for (const printed of [
          renderInvestigation(investigate(recorded, { file, notes, integrity: 'torn' }), { color, width }),
          renderSummary(plain, { color, width }),
        ]) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours are control sequences.
          const bare = printed.replace(/\u001b\[\d{1,2}m/g, '')
          if (!color) expect(bare).toBe(printed)
          expect(bare).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u)
          expect(bare).not.toMatch(/^\s*::/m)
          expect(bare).not.toMatch(/##[a-z]*\[/i)
        }
      },
    ),
  )
})

test('colours only when asked to', () => {
  expect(renderInvestigation(investigate(retryStorm), { color: true })).toContain('\u001b[31merror timeout\u001b[39m')
  expect(renderInvestigation(investigate(retryStorm), PLAIN)).not.toContain('\u001b')
})

test('caps what it shows of a recording given very long texts', () => {
  const long = 'x'.repeat(100_000)
  const run = trace({
    output: long,
    input: long,
    stop_reason: long,
    context: { run_id: long },
    spans: [span('s', { name: long })],
  })

  expect(renderInvestigation(investigate(run), PLAIN).length).toBeLessThan(5000)
})

test('summarises plain spans and log events', () => {
  const report = debugRun(
    'run_1',
    [{ run_id: 'run_1', span_id: 's1', step_type: 'tool_call', tool: 'search', status: 'error', latency_ms: 1800 }],
    [
      { run_id: 'run_1', event: 'tool_call', tool: 'search', args_hash: 'a' },
      { run_id: 'run_1', event: 'tool_call', tool: 'search', args_hash: 'a' },
    ],
  )

  expect(renderSummary(report, PLAIN)).toMatchInlineSnapshot(`
    "run_1
      first_error_span     {"run_id":"run_1","span_id":"s1","step_type":"tool_call","tool":"search","status":"error","latency_ms":1800}
      slowest_span         {"run_id":"run_1","span_id":"s1","step_type":"tool_call","tool":"search","status":"error","latency_ms":1800}
      stop_reason          unknown
      repeated_tool_calls  search ×1

    Hypotheses (guesses to test by a replay)
      1. tool_layer_failure
         The first error is in a call of the tool search. That points to the tool layer; whether it is
         the cause depends on what the agent did with the error. Look at the tool's availability at the
         time of the run. Compare the call's latency with the tool's time-out and retry policy.
         evidence  first_error_span tool_call search
      2. repeated_tool_calls
         Tools were called again with arguments already used: search ×1. The agent may lack a stop
         condition; where the result changed from call to call it may only be polling. Look for a
         missing stop condition or budget around the repeated call. See whether equal calls are
         deduplicated or answered from a cache.
         evidence  repeated_tool_calls search ×1

    | Run | first_error_span | slowest_span | stop_reason | Conclusion |
    |---|---|---|---|---|
    | run_1 | tool_call search | tool_call search 1.80 s | unknown | tool_layer_failure, repeated_tool_calls |
    "
  `)
})

test('says in which agent and step each call was made given spans with names', () => {
  const within = { 'retrial.spans': ['invoke_agent triage', 'step #2\u001b[2J'] }
  const run = trace({
    spans: [llm('l1', 0, within), span('t1', { at: 900, error_class: 'timeout', attributes: within }), llm('l2', 5000)],
  })
  const text = renderInvestigation(investigate(run), PLAIN)
  const lines = text.split('\n').filter((line) => line.includes('in invoke_agent triage › step #2'))
  expect(lines).toHaveLength(2)
  expect(text).not.toContain('\u001b[2J')
  expect(pointTo(run.spans[0] ?? null)).toMatchObject({ span_id: 'l1', within: within['retrial.spans'] })
  expect(pointTo(run.spans[2] ?? null)).not.toHaveProperty('within')
})
