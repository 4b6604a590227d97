/** A number that JavaScript would write otherwise, or cannot hold: as JSON writes it. Servers tell `1` from `1.0`. */
export class ExactNumber {
  readonly json: string

  constructor(json: string) {
    this.json = json
  }
}

/** A value of a cassette: JSON, bytes, and numbers of any size. */
export type FileValue = null | boolean | number | ExactNumber | string | Uint8Array | FileValue[] | FileObject

/** A mapping of a cassette. */
export interface FileObject {
  [key: string]: FileValue
}

/** True for a mapping: no list, no bytes. */
export function isFileObject(value: FileValue | undefined): value is FileObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLeaf(value)
}

function isLeaf(value: object): boolean {
  return value instanceof Uint8Array || value instanceof ExactNumber
}
