/** Reads the variable-length numbers and strings of which LevelDB's files consist. Throws RangeError at the end. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Little-endian groups of 7 bits; file numbers, lengths and offsets all stay below 2^53. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.#bytes[this.#offset];
      if (byte === undefined) break;
      this.#offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
    throw new RangeError('a number is cut short');
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) throw new RangeError('a field is cut short');
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** Bytes preceded by their number. */
  string(): Uint8Array {
    return this.take(this.varint());
  }
}
