import type { FinishedCall, Policy, Session, ToolCall } from './types.ts'

/** Carries out a tool call over HTTP. Never throws: a failure is a result that the model is told. */
export async function askTool(call: ToolCall, _: Session, policy: Policy): Promise<FinishedCall> {
  const spec = policy.tools.find(({ name }) => name === call.name)
  if (spec?.local === true) return { ...call, ok: true, status: null, result: '{"ok":true}' }
  try {
    const response = await request(call, spec?.effect === true, policy)
    const text = await response.text()
    const result = response.ok ? text : JSON.stringify({ error: `http_${response.status}`, message: text })
    return { ...call, ok: response.ok, status: response.status, result }
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    const result = JSON.stringify({ error: late ? 'timeout' : 'unavailable' })
    return { ...call, ok: false, status: null, result }
  }
}

/** What the tools service answers to a request of the agent's own. */
export async function getJson(path: string, { toolHeaders }: Policy): Promise<unknown> {
  const response = await fetch(`${process.env.TOOLS_URL}/${path}`, { headers: toolHeaders })
  return response.json()
}

function request(call: ToolCall, effect: boolean, { toolHeaders, toolTimeoutMs }: Policy): Promise<Response> {
  const url = `${process.env.TOOLS_URL}/${call.name}`
  const signal = AbortSignal.timeout(toolTimeoutMs)
  if (!effect) return fetch(`${url}?${new URLSearchParams(call.args)}`, { headers: toolHeaders, signal })
  const headers = { 'content-type': 'application/json', ...toolHeaders }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(call.args ?? {}), signal })
}
