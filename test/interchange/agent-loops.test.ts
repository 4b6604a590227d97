import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { detectFormat, FOREIGN_FORMATS } from '../../src/interchange/detect-format.ts'
import type { Recording } from '../../src/model/recording.ts'
import type { RunTrace } from '../../src/model/trace.ts'
import { renderInvestigation } from '../../src/report/render-investigation.ts'
import { computeSignals } from '../../src/signals/compute-signals.ts'
import { hypothesise } from '../../src/signals/hypothesise.ts'
import { projectRun } from '../../src/trace/project-run.ts'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/vcr')
const isThere = existsSync(CORPUS)

function importRun(...paths: string[]): Recording {
  const files = paths.map((path) => ({ path, text: readFileSync(join(CORPUS, path), 'utf8') }))
  const format = FOREIGN_FORMATS.find(({ name }) => name === detectFormat(files[0]?.text ?? ''))
  const result = format?.importFiles?.(files, {})
  if (result === undefined) throw new Error(`${paths[0]} is of no format`)
  const { run, runtime, interactions, notes } = result
  const finish = { at_ms: 0, stop_reason: 'unknown', output: null, error: null }
  const rest = { format: 'retrial/1', input: null, redaction: null, finish, integrity: 'sealed' } as const
  return { ...rest, run, runtime, interactions, notes }
}

/** The steps in order: a model with how its answer ended, a tool, a request; with the class of its error. */
function steps({ spans }: RunTrace): string[] {
  return spans.map(({ step_type, name, error_class, attributes }) => {
    const [finish] = (attributes['gen_ai.response.finish_reasons'] as string[] | undefined) ?? []
    const end = error_class === null ? (finish ?? '') : `!${error_class}`
    return `${step_type === 'llm_generate' ? 'model' : name}${end === '' ? '' : ` ${end}`}`
  })
}

const LOOPS: [path: string, steps: string[]][] = [
  ['cagent/TestExec_Anthropic_ToolCall.yaml', ['model tool_use', 'list_directory', 'model end_turn']],
  ['cagent/TestExec_Mistral_ToolCall.yaml', ['model tool_calls', 'list_directory', 'model stop']],
  ['cagent/TestExec_OpenAI_ToolCall.yaml', ['model tool_calls', 'list_directory', 'model stop']],
  ['cagent/TestRuntime_OpenAI_Basic.yaml', ['model stop', 'model stop']],
  [
    'pydantic-ai/cassettes/test_temporal/test_complex_agent_run.yaml',
    ['model tool_calls', 'get_country', 'get_product_name', 'model tool_calls', 'get_weather', 'model tool_calls'],
  ],
  [
    'pydantic-ai/cassettes/test_temporal/test_mcptoolset_in_temporal_workflow.yaml',
    [
      ...['mcp initialize', 'mcp notifications/initialized', 'mcp tools/list', 'model tool_calls'],
      ...['mcp initialize', 'mcp notifications/initialized', 'ask_question', 'mcp tools/list', 'model stop'],
    ],
  ],
  [
    'pydantic-ai/cassettes/test_temporal/test_temporal_agent_with_model_retry.yaml',
    ['model tool_calls', 'get_weather_in_city', 'model tool_calls', 'get_weather_in_city', 'model stop'],
  ],
  ['pydantic-ai/models/cassettes/test_openrouter/test_openrouter_errors_raised.yaml', ['model !rate_limit']],
  [
    'pydantic-ai/models/cassettes/test_groq/test_tool_use_failed_error.yaml',
    ['model !bad_request', 'model tool_calls', 'get_something_by_name', 'model stop'],
  ],
  [
    'pydantic-ai/models/cassettes/test_groq/test_tool_use_failed_error_streaming.yaml',
    ['model !bad_request', 'model tool_calls', 'get_something_by_name', 'model stop'],
  ],
  ['crewai/test_llm_call_when_stop_is_unsupported.yaml', ['model !bad_request', 'model stop']],
  [
    'crewai/utilities/TestAnthropicStructuredPlanning.test_anthropic_research_workflow_generates_steps.yaml',
    [
      ...['model tool_use', 'create_reasoning_plan', 'model end_turn'],
      ...Array(6).fill(['model tool_use', 'web_search']).flat(),
      ...['model tool_use', 'read_website', 'model tool_use', 'read_website', 'model tool_use', 'generate_report'],
      'model end_turn',
    ],
  ],
  [
    'crewai/agents/test_disabling_cache_for_agent.yaml',
    [
      ...Array(2).fill(['model tool_calls', 'multiplier', 'model stop']).flat(),
      ...['model tool_calls', 'multiplier', 'model tool_calls', 'multiplier', 'model stop'],
      ...['model tool_calls', 'multiplier', 'model stop'],
    ],
  ],
  [
    'crewai/test_hierarchical_process.yaml',
    [
      ...['model tool_calls', 'ask_question_to_coworker', 'ask_question_to_coworker', 'model stop', 'model stop'],
      ...['model tool_calls', 'delegate_work_to_coworker', 'model stop', 'model stop'],
    ],
  ],
  [
    'crewai/test_increment_tool_errors.yaml',
    [
      ...['model tool_calls', 'Delegate_work_to_coworker', 'model tool_calls', 'scoring_examples !tool_error'],
      ...['model stop', 'model stop'],
    ],
  ],
]

for (const [path, expected] of LOOPS) {
  test.skipIf(!isThere)(`reads the agent loop of ${basename(path)} as a run, given its cassette`, () => {
    expect(steps(projectRun(importRun(path)))).toEqual(expected)
  })
}

test.skipIf(!isThere)('makes one run of the cassettes of two calls, whatever their names, given two providers', () => {
  const openai = ['40f5975e', '20e896cf'].map((hash) => `dd-trace-js/openai/openai_chat_completions_post_${hash}.json`)
  const anthropic = ['863102f0', '579a9dd3'].map(
    (hash) => `dd-trace-js/anthropic/anthropic_v1_messages_post_${hash}.json`,
  )
  const [first, second] = [openai, anthropic].map((paths) => steps(projectRun(importRun(...paths))))
  expect(first).toEqual(['model tool_calls', '0', 'model stop'])
  expect(second).toEqual(['model tool_use', 'get_weather', 'model end_turn'])
})

test.skipIf(!isThere)(
  'keeps the statuses and their order, given an error in the middle and a change of provider',
  () => {
    const statuses = (path: string) =>
      importRun(path).interactions.map(
        (one) => one.kind === 'http' && [new URL(one.request.url).host, one.answer?.status],
      )
    expect(
      statuses(
        'pydantic-ai/models/cassettes/test_openai_responses/test_openai_responses_thinking_with_modified_history.yaml',
      ),
    ).toEqual([200, 400, 200].map((status) => ['api.openai.com', status]))
    expect(
      statuses('pydantic-ai/cassettes/test_tool_search/test_live_fallback_failover_capability_load_and_recovery.yaml'),
    ).toEqual([
      ['api.openai.com', 200],
      ['api.anthropic.com', 200],
      ['api.anthropic.com', 200],
    ])
  },
)

test.skipIf(!isThere)('gives the signals of a run, given what its cassette holds', () => {
  const signalsOf = (path: string) => computeSignals(projectRun(importRun(path)))
  const model = 'google/gemini-2.0-flash-exp:free'
  expect(signalsOf('pydantic-ai/models/cassettes/test_openrouter/test_openrouter_errors_raised.yaml')).toMatchObject({
    error_classes: { rate_limit: 1 },
    retries: { [model]: 2 },
  })
  expect(signalsOf('crewai/agents/test_disabling_cache_for_agent.yaml')).toMatchObject({
    repeated_tool_calls: { multiplier: 2 },
    repeated_same_result: { multiplier: 2 },
  })
})

test.skipIf(!isThere)('says what broke and how the run went on, given an answer refused and asked for again', () => {
  const recording = importRun('pydantic-ai/models/cassettes/test_groq/test_tool_use_failed_error.yaml')
  const trace = projectRun(recording)
  const signals = computeSignals(trace)
  const hypotheses = hypothesise({ signals, metrics: {} })
  const { integrity, notes } = recording
  const text = renderInvestigation(
    { trace, segment: {}, signals, hypotheses, integrity, notes, file: 'r.jsonl' },
    { color: false, width: undefined },
  )
  expect(text).toContain('started  at an unknown time')
  const timeline = text.slice(text.indexOf('Timeline'), text.indexOf('Signals')).trimEnd()
  expect(timeline).toMatchInlineSnapshot(`
    "Timeline
      #      offset     latency  step          name
      1           –           –  llm_generate  openai/gpt-oss-120b    error bad_request (HTTP 400)  ◀ first error
      2           –           –  llm_generate  openai/gpt-oss-120b    ok
      3           –           –  tool_call     get_something_by_name  ok
      4           –           –  llm_generate  openai/gpt-oss-120b    ok"
  `)
  expect(text).toMatch(/first_error_span +#1 llm_generate openai\/gpt-oss-120b bad_request/)
})
