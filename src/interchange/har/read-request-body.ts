import type { Payload } from '../../model/interaction.ts'
import { codedPayload, textPayload } from '../entries/decode-text.ts'
import { type EntryPlace, entryError } from '../entries/entry.ts'
import type { HarEntry } from './har-entry.ts'

/** A request body, and what to say about it. */
export interface RequestBody {
  body: Payload | null
  /** `missing`: there was one, but the HAR does not hold it. `rebuilt`: made from form parameters. `lossy`: half surrogates replaced. */
  remark: 'missing' | 'rebuilt' | 'lossy' | null
}

/**
 * Reads the body of a request: text, base64 (`encoding`, or `_base64` as a flag or as the data), Polly's hex
 * (`_isBinary`), or form parameters without text.
 *
 * @throws RetrialError `ERR_INTERCHANGE_BODY`
 */
export function readRequestBody(request: HarEntry['request'], place: EntryPlace): RequestBody {
  const post = request.postData
  if (typeof post?._base64 === 'string' && post._base64 !== '') {
    return { body: codedPayload(post._base64, 'base64', 'request body', place), remark: null }
  }
  if (post?.text) return readText(post.text, encodingOf(post), place)
  const params = post?.params ?? []
  if (params.length > 0) {
    const isForm = (post?.mimeType ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded')
    // The boundary and the files of a multipart body are not in its parameters.
    if (!isForm || params.some((param) => param.fileName)) return { body: null, remark: 'missing' }
    const pairs = params.map((param): [string, string] => [param.name, param.value ?? ''])
    return { body: { text: new URLSearchParams(pairs).toString() }, remark: 'rebuilt' }
  }
  return { body: null, remark: (request.bodySize ?? 0) > 0 ? 'missing' : null }
}

type PostData = NonNullable<HarEntry['request']['postData']>

function encodingOf(post: PostData): string {
  const encoding = post.encoding?.toLowerCase()
  if (encoding) return encoding
  if (post._base64 === true) return 'base64'
  return post._isBinary ? 'hex' : 'utf8'
}

function readText(text: string, encoding: string, place: EntryPlace): RequestBody {
  if (encoding === 'base64' || encoding === 'hex') {
    return { body: codedPayload(text, encoding, 'request body', place), remark: null }
  }
  if (encoding !== 'utf8' && encoding !== 'utf-8') {
    throw entryError(place, 'ERR_INTERCHANGE_BODY', `unknown encoding ${JSON.stringify(encoding)} of the request body`)
  }
  const { payload, lossy } = textPayload(text)
  return { body: payload, remark: lossy ? 'lossy' : null }
}
