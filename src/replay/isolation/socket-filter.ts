/** What a filter has to know of a processor: its mark, and the numbers of two system calls. */
const PROCESSORS: Partial<Record<NodeJS.Architecture, { mark: number; socket: number }>> = {
  x64: { mark: 0xc000_003e, socket: 41 },
  arm64: { mark: 0xc000_00b7, socket: 198 },
}
/** Asks the kernel for work by a queue that no filter sees: the same number on every processor. */
const IO_URING_SETUP = 425
const AF_UNIX = 1
/** Calls of a second numbering on x64. */
const X32 = 0x4000_0000

const ALLOW = 0x7fff_0000
/** The call fails with `EACCES`. */
const REFUSE = 0x0005_000d

const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const RETURN = 0x06
/** Where a filter finds the call's number, the processor's mark and the first argument. */
const NUMBER = 0
const MARK = 4
const FIRST_ARGUMENT = 16

/**
 * A filter of system calls, for seccomp, that lets a process make no Unix socket: a namespace of the network does not hold
 * those. Sockets that it was given go on working. Null for a processor that is not known.
 */
export function socketFilter(architecture: NodeJS.Architecture): Uint8Array | null {
  const processor = PROCESSORS[architecture]
  if (processor === undefined) return null
  // Each jump counts the instructions to skip, if it is so and if not.
  return encode([
    [LOAD, 0, 0, MARK],
    [IF_EQUAL, 0, 7, processor.mark],
    [LOAD, 0, 0, NUMBER],
    [IF_AT_LEAST, 5, 0, X32],
    [IF_EQUAL, 4, 0, IO_URING_SETUP],
    [IF_EQUAL, 0, 2, processor.socket],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [IF_EQUAL, 1, 0, AF_UNIX],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE],
  ])
}

type Instruction = [code: number, isSo: number, isNot: number, operand: number]

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(([code, isSo, isNot, operand], index) => {
    const at = index * 8
    bytes.writeUInt16LE(code, at)
    bytes.writeUInt8(isSo, at + 2)
    bytes.writeUInt8(isNot, at + 3)
    bytes.writeUInt32LE(operand, at + 4)
  })
  return bytes
}
