import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import type { ImportResult } from '../../src/interchange/foreign-format.ts'
import { callsOf, type Message, resultsOf, textOf } from '../../src/interchange/trace/message.ts'
import type { ImportedSpan } from '../../src/model/trace.ts'
import { CORPUS, FILES, filesUnder, readFile, traces } from './corpus-traces.ts'

const onCorpus = test.skipIf(FILES.length === 0)

onCorpus('leaves HTTP, DNS and framework spans out given the traces of an agent in a cluster', () => {
  for (const [name, spans] of [
    ['helm.json', 96],
    ['helm_3.json', 125],
  ] as const) {
    const file = `otel/agentevals/${name}`
    const all = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as { data: { spans: JsonObject[] }[] }
    expect(all.data.flatMap((trace) => trace.spans)).toHaveLength(spans)
    const [trace] = traces(file)
    const [first, tool, second] = trace?.spans ?? []
    expect(trace?.spans.map(({ step_type }) => step_type)).toEqual(['llm_generate', 'tool_call', 'llm_generate'])
    expect(tool).toMatchObject({ name: 'helm_list_releases', status: 'ok' })
    // The instrumentation nearest to the wire says why an answer ended.
    expect(first?.attributes['gen_ai.response.finish_reasons']).toEqual(['tool_calls'])
    expect(first?.latency_ms).toBeGreaterThan(1000)
    expect(second?.started_at_ms).toBeGreaterThan((tool?.started_at_ms ?? 0) + (tool?.latency_ms ?? 0))
  }
})

interface Golden {
  success: boolean
  data: JsonObject[]
}

/** A message in the golden normalisation's own form, as far as ours goes: role, text, and tool calls. */
function readGolden(message: JsonObject): JsonValue {
  const blocks = Array.isArray(message.content) ? (message.content as JsonObject[]) : []
  const used = blocks.filter(({ type }) => type === 'tool_use')
  const text = blocks.length > 0 ? blocks.flatMap(({ text: said }) => said ?? []).join('\n') : (message.content ?? '')
  const calls = [...((message.tool_calls ?? []) as JsonObject[]), ...used]
  return {
    role: message.role === 'model' ? 'assistant' : (message.role ?? null),
    text: typeof text === 'string' ? text : JSON.stringify(text),
    calls: calls.map((call) => [call.id, call.name, parse(call.arguments ?? call.input)] as JsonValue[]),
  }
}

function parse(value: JsonValue | undefined): JsonValue {
  return typeof value === 'string' ? (JSON.parse(value) as JsonValue) : (value ?? null)
}

/** Ours in the same form: a message with results of several tools is one for each of them there. */
function toGolden(message: Message): JsonValue[] {
  const results = resultsOf(message)
  if (results.length > 0) {
    return results.map(({ response }) => ({
      role: message.role,
      text: typeof response === 'string' ? response : JSON.stringify(response),
      calls: [],
    }))
  }
  const calls = callsOf(message).map(({ id, name, arguments: args }) => [id, name, args] as JsonValue[])
  return [{ role: message.role, text: textOf(message), calls }]
}

function spansOf(result: ImportResult | undefined): ImportedSpan[] {
  return (result?.notes ?? []).filter(({ code }) => code === 'span').map(({ data }) => data as unknown as ImportedSpan)
}

onCorpus('gives the messages of every model call as the golden normalisations have them given Langfuse exports', () => {
  let compared = 0
  for (const file of filesUnder('otel/langfuse-exports').filter((name) => name.endsWith('.trace.json'))) {
    const golden = JSON.parse(readFileSync(join(CORPUS, file.replace('.trace.', '.chatml.')), 'utf8')) as Record<
      string,
      { input: Golden; output: Golden }
    >
    for (const { span, input_messages, output_messages } of spansOf(readFile(file).runs[0])) {
      const wanted = golden[span.span_id]
      if (wanted === undefined || span.step_type !== 'llm_generate') continue
      for (const [side, messages] of [
        ['input', input_messages],
        ['output', output_messages],
      ] as const) {
        if (!wanted[side].success) continue
        const ours = ((messages ?? []) as unknown as Message[]).flatMap(toGolden)
        expect([file, span.span_id, ours]).toEqual([file, span.span_id, wanted[side].data.map(readGolden)])
        compared++
      }
    }
  }
  expect(compared).toBe(30)
})

onCorpus('reads the same call alike given three conventions', () => {
  const fixtures = 'otel/openinference-js/openinference-genai/test/__fixtures__'
  const read3 = ['otel_genai_client', 'otel_genai_deprecated_client', 'openinference_client'].map((name) => {
    const [call] = traces(`${fixtures}/${name}_span_tool_calls.json`)[0]?.spans ?? []
    const keys = ['input.messages', 'usage.input_tokens', 'usage.output_tokens', 'operation.name', 'provider.name']
    return keys.map((key) => call?.attributes[`gen_ai.${key}`])
  })
  expect(read3[0]?.every((value) => value !== undefined)).toBe(true)
  expect(read3[1]).toEqual(read3[0])
  expect(read3[2]).toEqual(read3[0])
})

onCorpus('gives every tool call its arguments, result and place given span dumps of ten frameworks', () => {
  const steps = Object.fromEntries(
    filesUnder('otel/strands-evals/mappers').map((file) => [
      file.split('/').at(-1),
      traces(file)[0]?.spans.map(({ step_type, name, parent_id, status, attributes }) =>
        step_type === 'tool_call'
          ? `${parent_id === null ? '' : '> '}${name}(${String(attributes['gen_ai.tool.call.arguments']).slice(0, 26)})${status === 'ok' ? '' : ' error'}`
          : step_type,
      ),
    ]),
  )
  expect(steps).toMatchObject({
    'adk_live_spans.json': ['llm_generate', 'calculator({"expression":"15 * 37"})', 'llm_generate'],
    'autogen_live_spans.json': ['calculate(undefined)'],
    'claude_live_spans.json': [
      ...['Agent({"description":"Get curren)', 'Agent({"description":"Get curren)'],
      ...['> Bash({"command":"echo \\"Locatio)', '> Bash({"command":"echo \\"Locatio)'],
      ...['Agent({"description":"Calculate )', `> Bash({"command":"python3 -c 'pr)`],
    ],
    'openai_agents_genai_live_spans.json': [
      'llm_generate',
      'ask_research_specialist({"query":"current stock pr)',
      'llm_generate',
      'lookup_stock_price({"ticker":"AMZN"})',
      'llm_generate',
      'llm_generate',
      'ask_math_specialist({"query":"240.98 multiplie)',
      'llm_generate',
      'multiply_numbers({"a":240,"b":1000})',
      'llm_generate',
      'multiply_numbers({"a":0,"b":1000})',
      'llm_generate',
      'llm_generate',
    ],
    'openinference_adot_spans.json': ['llm_generate', 'get_weather({"city":"Alaska"})', 'llm_generate'],
    'otel_genai_convention_spans.json': [
      'llm_generate',
      'get_weather({"location":"Paris"})',
      'get_weather({"location":"London"}) error',
      'llm_generate',
    ],
  })
  const convention = traces('otel/strands-evals/mappers/fixtures/otel_genai_convention_spans.json')[0]
  expect(convention?.spans[2]?.error_class).toBe('timeout')
})
