import { expect, test } from 'vitest'
import { detectFormat } from '../../src/interchange/detect-format.ts'
import { traceOf } from './import-trace.ts'

const response = {
  ...{ id: 'r', model: 'claude-x-1', usage: { prompt_tokens: 40, completion_tokens: 4 } },
  choices: [{ finish_reason: 'stop', message: {} }],
}
const file = (exit_status: string, version: string, messages: object[]) => ({
  info: {
    ...{ exit_status, submission: 'a patch', mini_version: '2.1.0', model_stats: { api_calls: 2, instance_cost: 0.5 } },
    config: { model: { model_name: 'anthropic/claude-x' } },
  },
  messages: [{ role: 'system', content: 'You fix things.' }, { role: 'user', content: 'Fix it.' }, ...messages],
  trajectory_format: version,
})
const said = (command: string) => `I look.\n\`\`\`bash\n${command}\n\`\`\``
const seen = (code: number, output: string) => `<returncode>${code}</returncode>\n<output>\n${output}</output>`
const SUBMIT = 'echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT'

test('reads commands, exit codes, usage and the limit that was hit given a trajectory of mini-swe-agent', () => {
  const asks = (command: string, timestamp: number) => ({
    ...{ role: 'assistant', content: said(command) },
    extra: { actions: [{ command }], response, cost: 0.25, timestamp },
  })
  const tells = (returncode: number, timestamp: number, exception_info?: string) => ({
    ...{ role: 'user', content: seen(returncode, 'x') },
    extra: { returncode, raw_output: 'x', timestamp, exception_info },
  })
  const value = file('LimitsExceeded', 'mini-swe-agent-1.1', [
    ...[asks('ls', 10), tells(2, 12), asks('sleep 99', 20), tells(-1, 50, 'the command timed out')],
    { role: 'exit', content: 'LimitsExceeded', extra: { exit_status: 'LimitsExceeded' } },
  ])
  expect(detectFormat(JSON.stringify(value, null, 1))).toBe('swe-agent')
  const { spans, stop_reason, input, output, context } = traceOf('swe-agent', value)
  expect({ stop_reason, input, output, context }).toMatchObject({
    ...{ stop_reason: 'limits_exceeded', input: 'Fix it.', output: 'a patch' },
    context: { agent: 'mini-swe-agent', release: '2.1.0' },
  })
  const usage = { 'gen_ai.usage.input_tokens': 40, 'gen_ai.usage.output_tokens': 4, 'retrial.cost_usd': 0.25 }
  expect(spans).toMatchObject([
    { name: 'claude-x', attributes: { 'gen_ai.provider.name': 'anthropic', ...usage } },
    {
      ...{ name: 'bash', error_class: 'tool_error', latency_ms: 2000 },
      attributes: { 'gen_ai.tool.call.arguments': '{"command":"ls"}', 'gen_ai.tool.call.result': seen(2, 'x') },
    },
    { name: 'claude-x' },
    { name: 'bash', error_class: 'timeout', latency_ms: 30_000 },
  ])
})

test('reads commands off the text, and the one that hands in the result, given the older version', () => {
  const value = file('Submitted', 'mini-swe-agent-1', [
    { role: 'assistant', content: said('ls') },
    { role: 'user', content: seen(0, 'a.py') },
    { role: 'assistant', content: `${said('one')} and ${said('two')}` },
    { role: 'user', content: 'Give one command only.' },
    { role: 'assistant', content: said(SUBMIT) },
  ])
  const { spans, stop_reason } = traceOf('swe-agent', value)
  expect(stop_reason).toBe('submitted')
  expect(spans.map(({ name, error_class }) => [name, error_class])).toEqual([
    ...[
      ['claude-x', null],
      ['bash', null],
      ['claude-x', null],
      ['claude-x', null],
    ],
    ['bash', null],
  ])
  expect(spans.at(-1)?.attributes['gen_ai.tool.call.result']).toBe('a patch')
})

test('takes the calls that the model made by a tool given a trajectory with tool calls', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'bash', arguments: '{"command":"ls"}' } }
  const value = file('RateLimitError', 'mini-swe-agent-1.1', [
    { role: 'assistant', content: null, tool_calls: [call], extra: { actions: [{ command: 'ls' }], response } },
    { role: 'tool', tool_call_id: 'c1', content: seen(1, ''), extra: { returncode: 1 } },
  ])
  const { spans, stop_reason } = traceOf('swe-agent', value)
  expect(stop_reason).toBe('rate_limit_error')
  expect(spans).toMatchObject([{ name: 'claude-x' }, { name: 'bash', error_class: 'tool_error' }])
})

test('reads items of the Responses protocol given a trajectory that was made over it', () => {
  const item = { type: 'function_call', call_id: 'c1', name: 'bash', arguments: '{"command":"ls"}' }
  const value = file('TimeExceeded', 'mini-swe-agent-1.1', [
    { object: 'response', output: [item], extra: { actions: [{ command: 'ls', tool_call_id: 'c1' }], response } },
    { type: 'function_call_output', call_id: 'c1', output: seen(0, 'a.py'), extra: { returncode: 0 } },
  ])
  const { spans, stop_reason } = traceOf('swe-agent', value)
  expect(stop_reason).toBe('time_exceeded')
  expect(spans).toMatchObject([
    { name: 'claude-x' },
    { name: 'bash', error_class: null, attributes: { 'gen_ai.tool.call.result': seen(0, 'a.py') } },
  ])
})
