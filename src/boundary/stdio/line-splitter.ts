const NEWLINE = 0x0a

/** Takes bytes as they come and gives the lines that they make, each with its end. */
export class LineSplitter {
  #rest: Uint8Array[] = []

  add(bytes: Uint8Array): Buffer[] {
    const lines: Buffer[] = []
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(Buffer.concat([...this.#rest.splice(0), bytes.subarray(from, end + 1)]))
      from = end + 1
    }
    if (from < bytes.length) this.#rest.push(Buffer.from(bytes.subarray(from)))
    return lines
  }
}
