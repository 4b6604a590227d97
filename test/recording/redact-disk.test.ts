import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecordingWriter } from '../../src/recording/create-recording-writer.ts'
import { readRecording } from '../../src/recording/read-recording.ts'
import { createRedactor } from '../../src/recording/redact/create-redactor.ts'
import { HEADER, modelCall } from './support/messages.ts'
import { tempFolder } from './support/sample.ts'
import { anyKey, anyPassword } from './support/secrets.ts'

const SALT = '00112233445566778899aabbccddeeff'

function filesIn(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
}

test('leaves no secret on the disk given one in every part of a run', async () => {
  for (let round = 0; round < 15; round++) {
    const secrets = fc.sample(anyKey, 12)
    const at = (i: number) => secrets[i] as string
    const folder = tempFolder()
    const path = join(folder, 'run.jsonl')
    const writer = createRecordingWriter(
      path,
      {
        ...HEADER,
        run: { ...HEADER.run, release: at(0) },
        input: { q: at(1) },
        runtime: { ...HEADER.runtime, env: { A_URL: at(2), B_TOKEN: 'short' }, secret_env: { C_KEY: at(3) } },
      },
      { redactor: createRedactor({ salt: SALT }), sync: false },
    )
    const call = modelCall('c1', [{ role: 'user', content: `${at(4)} ${'x '.repeat(200)}` }], { text: at(5) })
    if (call.kind === 'http') {
      call.request.url += `?key=${at(6)}`
      call.request.headers.push(['authorization', `Bearer ${at(7)}`])
      call.answer?.headers.push(['set-cookie', `a=${at(8)}`])
    }
    writer.call(call)
    const error = { name: 'E', message: `refused ${at(9)}`, cause: { name: 'F', message: at(9) } }
    writer.result({
      id: 'c1',
      ...(call.kind === 'http' && { answer: call.answer }),
      end: { kind: 'cut', offset_ms: 3, error },
    })
    writer.call({ id: 'c2', kind: 'tool', name: 't', started_ms: 1, args: [at(10)] })
    writer.result({
      id: 'c2',
      value: new Map([[at(10), at(10)]]),
      end: { kind: 'complete', offset_ms: 1 },
      evidence: { grade: 'stub', source: null, note: at(10) },
    })
    writer.note({ at_ms: 1, code: 'x', message: at(11), data: { deep: [at(11)] } })
    writer.finish({ at_ms: 2, stop_reason: 'error', output: { text: at(11) }, error })
    const beforeSeal = filesIn(folder)
    writer.seal()
    expect(writer.failure).toBeNull()
    for (const secret of secrets) expect(beforeSeal + filesIn(folder)).not.toContain(secret)
    const read = await readRecording(path)
    expect(read.redaction).toEqual({ rules: 'retrial/1', salt: SALT })
    expect(read.runtime.env?.B_TOKEN).toMatch(/^rdx-/)
  }
})

test('leaves no trace of a secret in the sealed file given it was recognised after it had been written', async () => {
  for (const secret of fc.sample(anyPassword, 10)) {
    const folder = tempFolder()
    const path = join(folder, 'run.jsonl')
    const writer = createRecordingWriter(path, HEADER, { redactor: createRedactor({ salt: SALT }) })
    writer.call(modelCall('c1', [{ role: 'user', content: `it is ${secret} ${'x '.repeat(200)}` }]))
    writer.result({ id: 'c1', end: { kind: 'complete', offset_ms: 1 } })
    writer.call(modelCall('c2', [{ role: 'user', content: `login with password="${secret}"` }]))
    writer.finish({ at_ms: 2, stop_reason: 'completed', output: null, error: null })
    writer.seal()
    expect(writer.failure).toBeNull()
    expect(readdirSync(folder)).toEqual(['run.jsonl'])
    expect(filesIn(folder)).not.toContain(secret)
    const read = await readRecording(path)
    expect(read.interactions).toHaveLength(2)
    expect(read.finish?.stop_reason).toBe('completed')
    const bodies = read.interactions.map((one) => JSON.stringify(one.kind === 'http' && one.request.body))
    const token = createRedactor({ salt: SALT }).secret(secret)
    for (const body of bodies) expect(body).toContain(token)
  }
})

test('keeps the file from its name given a secret that cannot be taken out of it', () => {
  const folder = tempFolder()
  const path = join(folder, 'run.jsonl')
  const redactor = createRedactor({ salt: SALT, rules: { values: ['started_ms'] } })
  const writer = createRecordingWriter(path, HEADER, { redactor })
  writer.call(modelCall('c1', []))
  writer.seal()
  expect(writer.failure).toContain('ERR_RECORDING_REDACTION')
  expect(readdirSync(folder)).toEqual(['run.jsonl.part'])
})

test('writes a marker, and nothing of the value, given a redactor that fails', async () => {
  const path = join(tempFolder(), 'run.jsonl')
  const pattern = /x/g
  const writer = createRecordingWriter(path, HEADER, {
    redactor: createRedactor({ salt: SALT, rules: { patterns: [pattern] } }),
  })
  Object.defineProperty(pattern, Symbol.matchAll, {
    value: () => {
      throw new Error('planted')
    },
  })
  writer.call(modelCall('c1', [{ role: 'user', content: 'private words' }]))
  writer.finish({ at_ms: 1, stop_reason: 'completed', output: { a: 'private words' }, error: null })
  writer.seal()
  const text = readFileSync(path, 'utf8')
  expect(text).not.toContain('private words')
  expect(text).toContain('redaction_failed')
  expect((await readRecording(path)).interactions).toHaveLength(1)
})

test('replaces a secret at the start of a record given only its end gives it away', () => {
  const [secret = ''] = fc.sample(anyPassword, 1)
  const path = join(tempFolder(), 'run.jsonl')
  const writer = createRecordingWriter(path, HEADER, { redactor: createRedactor({ salt: SALT }) })
  const call = modelCall('c1', [{ role: 'user', content: `password="${secret}"` }])
  if (call.kind === 'http') call.request.url += `/items/${secret}`
  writer.call(call)
  expect(readFileSync(`${path}.part`, 'utf8')).not.toContain(secret)
  writer.seal()
})
