import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts'

const REFERENCE = /^(?:attachment:\/\/|tc:\/\/)([0-9a-f]{32})$/

/** A sample of Inspect with the texts that it stores once put back where they are referred to. One that is missing stays a reference. */
export function openAttachments(sample: JsonObject): JsonObject {
  const { attachments: stored, transcript } = sample
  const inner = isJsonObject(transcript) ? transcript.content : undefined
  const texts = { ...(isJsonObject(inner) && inner), ...(isJsonObject(stored) && stored) }
  return open({ ...sample, attachments: null }, texts) as JsonObject
}

function open(value: JsonValue, texts: JsonObject): JsonValue {
  if (typeof value === 'string') {
    const name = REFERENCE.exec(value)?.[1]
    return name !== undefined && Object.hasOwn(texts, name) ? (texts[name] as JsonValue) : value
  }
  if (Array.isArray(value)) return value.map((item) => open(item, texts))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item, texts)]))
}
