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

const CLASSES = new Map<string, new (message: string, options?: ErrorOptions) => Error>(
  [Error, TypeError, RangeError, SyntaxError].map((known) => [known.name, known]),
)

/** The class of an error by its name: one of the language, else one of that name, as libraries have their own. */
function classOf(name: string): new (message: string, options?: ErrorOptions) => Error {
  let found = CLASSES.get(name)
  if (found === undefined) {
    found = { [name]: class extends Error {} }[name] as typeof Error
    Object.defineProperty(found.prototype, 'name', { value: name, configurable: true, writable: true })
    CLASSES.set(name, found)
  }
  return found
}

/** Builds an error equal to the described one, in class, name, message, code and causes. */
export function buildError(shape: ErrorShape): Error {
  const { name, message, code, errno, syscall } = shape
  const isDom = (name === 'AbortError' || name === 'TimeoutError') && (typeof code === 'number' || code === undefined)
  if (isDom) return new DOMException(message, name)
  const error = new (classOf(name))(message, shape.cause === undefined ? undefined : { cause: buildError(shape.cause) })
  // By these, every copy of undici knows its errors.
  if (String(code).startsWith('UND_ERR')) {
    for (const mark of ['UND_ERR', code])
      Object.defineProperty(error, Symbol.for(`undici.error.${mark}`), { value: true })
  }
  return Object.assign(error, {
    ...(code !== undefined && { code }),
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
  })
}
