import { answerText, payloadText } from '../../../src/model/interaction.ts'
import { readRecording } from '../../../src/recording/read-recording.ts'

/** One recorded request and what was answered, as somebody who writes mocks by hand would note it. */
export interface Exchange {
  method: string
  /** The whole URL, with its query. */
  url: string
  /** The body as JSON; undefined when there was none. */
  asked: Record<string, unknown> | undefined
  /** Null when nothing was ever answered. */
  answer: { status: number; headers: Record<string, string>; text: string } | null
}

/** What a recording holds, and the environment in which it was made. */
export interface Recorded {
  exchanges: Exchange[]
  env: Record<string, string>
}

/** Carried by the answer of a mock as it thinks fit. */
const OF_TRANSPORT = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'date',
])

/** Reads a recording as a list of exchanges. */
export async function readExchanges(file: string): Promise<Recorded> {
  const { interactions, runtime } = await readRecording(file)
  const exchanges = interactions.flatMap((interaction): Exchange[] => {
    if (interaction.kind !== 'http') return []
    const { method, url, body } = interaction.request
    const { answer } = interaction
    const headers = answer?.headers.filter(([name]) => !OF_TRANSPORT.has(name.toLowerCase())) ?? []
    return [
      {
        method,
        url,
        asked: body === null ? undefined : (JSON.parse(payloadText(body)) as Record<string, unknown>),
        answer: answer && { status: answer.status, headers: Object.fromEntries(headers), text: answerText(answer) },
      },
    ]
  })
  return { exchanges, env: runtime.env ?? {} }
}
