import type { ErrorShape } from '../model/run.ts'

/** Keeps of an error what is needed to build an equal one: name, message, code, errno, syscall and the chain of causes. */
export function describeError(error: unknown, depth = 0): ErrorShape {
  if (typeof error !== 'object' || error === null) return { name: 'Error', message: safely(() => String(error)) ?? '' }
  const source = error as Record<string, unknown>
  const shape: ErrorShape = {
    name: safely(() => String(source.name ?? 'Error')) ?? 'Error',
    message: safely(() => String(source.message ?? '')) ?? '',
  }
  const code = safely(() => source.code)
  if (typeof code === 'string' || typeof code === 'number') shape.code = code
  const errno = safely(() => source.errno)
  if (typeof errno === 'number') shape.errno = errno
  const syscall = safely(() => source.syscall)
  if (typeof syscall === 'string') shape.syscall = syscall
  const cause = safely(() => source.cause)
  if (cause !== undefined && cause !== null && depth < 5) shape.cause = describeError(cause, depth + 1)
  return shape
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const CLASSES: Record<string, ErrorConstructor> = { TypeError, RangeError, SyntaxError } as unknown as Record<
  string,
  ErrorConstructor
>

/** Builds an error equal to the described one, in name, message, code and causes. */
export function buildError(shape: ErrorShape): Error {
  if (shape.name === 'AbortError' || shape.name === 'TimeoutError') return new DOMException(shape.message, shape.name)
  const options = shape.cause === undefined ? undefined : { cause: buildError(shape.cause) }
  const error = new (CLASSES[shape.name] ?? Error)(shape.message, options)
  if (error.name !== shape.name)
    Object.defineProperty(error, 'name', { value: shape.name, configurable: true, writable: true })
  const { code, errno, syscall } = shape
  return Object.assign(error, {
    ...(code !== undefined && { code }),
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
  })
}
