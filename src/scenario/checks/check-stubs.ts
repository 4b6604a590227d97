import { isJsonObject, type JsonObject } from '../../core/json.ts'
import type { Finding } from '../finding.ts'

/** Checks that each stub has one answer. `file` may still have the wrong shape. */
export function checkStubs(file: JsonObject): Finding[] {
  if (!Array.isArray(file.stubs)) return []
  return file.stubs.flatMap((stub, index) => {
    if (!isJsonObject(stub)) return []
    const isModel = stub.message !== undefined || stub.tool_calls !== undefined
    const answers = [isModel, stub.json !== undefined, stub.text !== undefined].filter(Boolean).length
    if (answers === 1) return []
    return [
      {
        code: 'ERR_SCENARIO_STUB',
        message: answers === 0 ? 'the stub has no answer' : 'the stub has more than one answer',
        hint: 'Give one of: `message` and/or `tool_calls` (what a model says), `json`, `text`.',
        path: ['stubs', index],
      },
    ]
  })
}
