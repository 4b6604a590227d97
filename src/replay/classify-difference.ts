import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { DivergenceKind } from '../model/verdict.ts'
import { originOfDifference, type RunKnowledge } from './generated-values.ts'
import type { Difference } from './list-differences.ts'

/** Fields of a request that say how the model is to behave, by the protocols that have them. */
const PROMPT = /^\.body\.(system|instructions|systemInstruction|system_instruction|preamble)\b/
const TOOLS = /^\.body\.(tools|functions|tool_choice|toolConfig|tool_config)\b/
const MODEL = /^\.body\.model(Id|_id)?$/

/** Lists of messages, and what a message is found at in them. */
const MESSAGE = /^\.body\.(messages|input|contents)\[(\d+)\](.*)$/

/** Where a path names a model: Gemini's, Bedrock's, Azure's. */
const MODEL_IN_PATH = /\/(models?|deployments)\/[^/:]+(?=[/:])/

/** Whether two targets differ in nothing but the model that their paths name. */
export function isOtherModel(recorded: string, asked: string): boolean {
  const [was, is] = [recorded, asked].map((target) => target.replace(MODEL_IN_PATH, '/$1/'))
  return was === is && recorded !== asked
}

/** The likely kind of a difference, read off its place and what stands there. */
export function classifyDifference(
  difference: Difference,
  recorded: JsonObject,
  asked: JsonObject,
  known: RunKnowledge,
): DivergenceKind {
  const { path } = difference
  if (MODEL.test(path)) return 'model_changed'
  if (difference.reordered) return 'reordered'
  const origin = originOf(difference, known)
  if (origin !== null) return origin
  if (PROMPT.test(path)) return 'prompt_changed'
  if (TOOLS.test(path)) return 'tools_changed'
  if (/^\.body\.(input|prompt)$/.test(path)) return 'message_changed'
  const found = MESSAGE.exec(path)
  if (found === null) return 'request_changed'
  const [, list = '', index = '', within = ''] = found
  const isGone = within === '' && difference.asked === undefined
  const message = messageAt(isGone ? recorded : asked, list, Number(index))
  if (message?.role === 'system' || message?.role === 'developer') return 'prompt_changed'
  if (isGone) return 'missing_turn'
  if (within === '' && difference.recorded === undefined) return 'extra_turn'
  return isToolResult(message) ? 'tool_result_changed' : 'message_changed'
}

function originOf({ recorded, asked }: Difference, known: RunKnowledge): DivergenceKind | null {
  if (![recorded, asked].every((one) => typeof one === 'string' || typeof one === 'number')) return null
  return originOfDifference(String(recorded), String(asked), known)
}

function isToolResult(message: JsonObject | undefined): boolean {
  if (message?.role === 'tool' || message?.role === 'function') return true
  return /tool_result|function_call_output|toolResult|functionResponse/.test(JSON.stringify(message ?? ''))
}

function messageAt(content: JsonObject, list: string, index: number): JsonObject | undefined {
  const body: JsonValue | undefined = content.body
  const messages = isJsonObject(body) ? body[list] : undefined
  const message = Array.isArray(messages) ? messages[index] : undefined
  return isJsonObject(message) ? message : undefined
}
