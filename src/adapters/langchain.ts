/** `retrial/langchain`: names and tool boundaries for LangChain and LangGraph. Nothing of them is imported here. */
import { wrapTool } from '../boundary/doors/function-door.ts'
import { addSpanFinder, type OpenSpan, openSpan } from '../boundary/spans.ts'
import { currentContext } from '../boundary/tape.ts'

export { wrapTool }

/** A handler of callbacks, as far as it is one here. */
export interface NamingHandler {
  name: string
  /** So that a run is known before what it does begins. */
  awaitHandlers: true
  ignoreLLM: true
  ignoreRetriever: true
  handleChainStart(
    chain: unknown,
    inputs: unknown,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    metadata?: Record<string, unknown>,
    runType?: string,
    runName?: string,
  ): void
  handleChainEnd(outputs: unknown, runId: string): void
  handleChainError(error: unknown, runId: string): void
  handleToolStart(tool: unknown, input: string, runId: string, parentRunId?: string): void
  handleToolEnd(output: unknown, runId: string): void
  handleToolError(error: unknown, runId: string): void
}

const open = new Map<string, OpenSpan | null>()
let isFinding = false

/**
 * A handler of callbacks that names chains, graphs and their nodes: `agent`, or `invoke_agent NAME` for agents whose metadata tell their name (`lc_agent_name`).
 * LangChain tells where code runs where it has an async local storage, as it has with LangGraph.
 *
 * @example
 * await graph.invoke(input, { callbacks: [nameSpans()] })
 */
export function nameSpans(): NamingHandler {
  if (!isFinding) addSpanFinder(findRun)
  isFinding = true
  const end = (_: unknown, runId: string): void => void open.delete(runId)
  return {
    name: 'retrial_spans',
    awaitHandlers: true,
    ignoreLLM: true,
    ignoreRetriever: true,
    handleChainStart(_chain, _inputs, runId, parentRunId, tags, metadata, _runType, runName) {
      begin(runId, parentRunId, nameOf(runName, tags, metadata))
    },
    handleChainEnd: end,
    handleChainError: end,
    // A tool is told by its wrapper; what it runs in its turn is within what it is within.
    handleToolStart: (_tool, _input, runId, parentRunId) => begin(runId, parentRunId, null),
    handleToolEnd: end,
    handleToolError: end,
  }
}

function begin(runId: string, parentRunId: string | undefined, name: string | null): void {
  if (currentContext() === null) return
  const outer = (parentRunId !== undefined && open.get(parentRunId)) || null
  open.set(runId, name === null ? outer : openSpan(name, outer, findRun))
}

/** How the parts of a chain are called that nobody has given a name. */
const UNNAMED = /^(?:Runnable|Channel|Branch<|__)/

function nameOf(name?: string, tags?: string[], metadata?: Record<string, unknown>): string | null {
  if (typeof name !== 'string' || UNNAMED.test(name) || tags?.includes('langsmith:hidden')) return null
  return metadata?.lc_agent_name === name ? `invoke_agent ${name}` : name
}

/** Under these symbols the copies of LangChain in a process share where code runs, and with which settings. */
const STORAGE = Symbol.for('ls:tracing_async_local_storage')
const CONFIG = Symbol.for('lc:child_config')

interface LangChainStore {
  extra?: { [CONFIG]?: { callbacks?: { getParentRunId?(): string | undefined } } }
}

function findRun(): OpenSpan | null {
  if (open.size === 0) return null
  const { [STORAGE]: storage } = globalThis as { [STORAGE]?: { getStore(): LangChainStore | undefined } }
  const runId = storage?.getStore()?.extra?.[CONFIG]?.callbacks?.getParentRunId?.()
  return (runId !== undefined && open.get(runId)) || null
}
