import zlib from 'node:zlib'
import type { Fault } from '../fault.ts'
import { chunk, head, JSON_TYPE, LAST_CHUNK, modelAnswer, whole } from '../wire.ts'

const CHUNKED = { ...JSON_TYPE, 'transfer-encoding': 'chunked' }

function coded(coding: string, encode: (text: string) => Uint8Array): Fault {
  return {
    answer: (_, path) => whole('200 OK', { ...JSON_TYPE, 'content-encoding': coding }, encode(modelAnswer(path))),
  }
}

const broken = (text: string): Uint8Array => {
  const bytes = zlib.gzipSync(text)
  return bytes.fill(0xff, 20, 40)
}

/** Faults and oddities of bodies that come whole, as far as their connection goes. */
export const BODY_FAULTS: Record<string, Fault> = {
  whole_with_length: { answer: (_, path) => whole('200 OK', JSON_TYPE, modelAnswer(path)) },
  whole_chunked: { answer: (_, path) => [head('200 OK', CHUNKED), chunk(modelAnswer(path)), LAST_CHUNK] },
  whole_until_close: { answer: (_, path) => [head('200 OK', JSON_TYPE), modelAnswer(path), 'fin'] },
  slow_drip: {
    answer: (_, path) => [
      head('200 OK', CHUNKED),
      ...[...modelAnswer(path).matchAll(/.{1,20}/gs)].flatMap(([piece]) => [chunk(piece), 4]),
      LAST_CHUNK,
    ],
  },
  trailers: {
    answer: (_, path) => [
      head('200 OK', { ...CHUNKED, trailer: 'x-sum' }),
      chunk(modelAnswer(path)),
      '0\r\nx-sum: 42\r\n\r\n',
    ],
  },
  truncated_json: { answer: (_, path) => whole('200 OK', JSON_TYPE, modelAnswer(path).slice(0, 60)) },
  malformed_json: { answer: (_, path) => whole('200 OK', JSON_TYPE, modelAnswer(path).replace(':', ';')) },
  json_with_bom: { answer: (_, path) => whole('200 OK', JSON_TYPE, `\ufeff${modelAnswer(path)}`) },
  html_as_json: { answer: () => whole('200 OK', JSON_TYPE, '<!doctype html><title>Sign in</title>') },
  html: { answer: () => whole('200 OK', { 'content-type': 'text/html' }, '<!doctype html><title>Sign in</title>') },
  empty: { answer: () => whole('200 OK', JSON_TYPE) },
  empty_chunked: { answer: () => [head('200 OK', CHUNKED), LAST_CHUNK] },
  binary: {
    answer: () =>
      whole(
        '200 OK',
        { 'content-type': 'application/octet-stream' },
        Uint8Array.from({ length: 256 }, (_, i) => i),
      ),
  },
  split_in_character: {
    answer: (_, path) => {
      const bytes = Buffer.from(modelAnswer(path, 'fox 🦊 東京'))
      const cut = bytes.indexOf(0xf0) + 2
      return [head('200 OK', CHUNKED), chunk(bytes.subarray(0, cut)), 'seen', chunk(bytes.subarray(cut)), LAST_CHUNK]
    },
  },
  length_too_long: {
    answer: (_, path) => [head('200 OK', { ...JSON_TYPE, 'content-length': 9999 }) + modelAnswer(path), 'fin'],
  },
  length_too_short: {
    answer: (_, path) => [head('200 OK', { ...JSON_TYPE, 'content-length': 30 }) + modelAnswer(path), 'fin'],
  },
  length_twice: {
    answer: (_, path) => [head('200 OK', { ...JSON_TYPE, 'content-length': ['10', '20'] }) + modelAnswer(path), 'fin'],
  },
  length_is_no_number: {
    answer: (_, path) => [head('200 OK', { ...JSON_TYPE, 'content-length': 'ten' }) + modelAnswer(path), 'fin'],
  },
  bad_chunk_size: { answer: (_, path) => [head('200 OK', CHUNKED), `zz\r\n${modelAnswer(path)}`, 'fin'] },
  gzip: coded('gzip', (text) => zlib.gzipSync(text)),
  deflate: coded('deflate', (text) => zlib.deflateSync(text)),
  br: coded('br', (text) => zlib.brotliCompressSync(text)),
  zstd: coded('zstd', (text) => zlib.zstdCompressSync(text)),
  gzip_truncated: coded('gzip', (text) => zlib.gzipSync(text).subarray(0, 60)),
  gzip_corrupt: coded('gzip', broken),
  gzip_that_is_none: coded('gzip', (text) => Buffer.from(text)),
  coding_unknown: coded('rot13', (text) => Buffer.from(text)),
}
