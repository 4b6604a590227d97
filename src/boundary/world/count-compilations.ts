type AnyFunction = (this: unknown, ...args: unknown[]) => unknown

const ASYNC = ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'] as const

/** Tells of each compilation of WebAssembly that begins (1) and ends (-1): no hook of Node's sees them. */
export function countCompilations(count: (change: 1 | -1) => void): void {
  const { WebAssembly: api } = globalThis as unknown as { WebAssembly: Record<string, AnyFunction | undefined> }
  for (const name of ASYNC) {
    const base = api[name]
    if (base === undefined) continue
    const { [name]: counted } = {
      async [name](this: unknown, ...args: unknown[]) {
        count(1)
        try {
          return await base.apply(this, args)
        } finally {
          count(-1)
        }
      },
    }
    Object.defineProperty(api, name, { value: counted, configurable: true, writable: true, enumerable: true })
  }
}
