/**
 * Bytes as hexadecimal digits and back: the form in which keys and hashes are in memory. A payment turns
 * some fifty of them, so the text is made in one piece; put together of pairs, each would leave thirty
 * pieces to the collector, and be joined anew when it is first looked up.
 */

const DIGITS = '0123456789abcdef';
const NO_DIGIT = 0x80;
/** Code of the digit for each half of a byte. */
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
/** Value of each digit by its code, of either case; {@link NO_DIGIT} for all other characters. */
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < DIGITS.length; value++) {
  VALUES[DIGITS.charCodeAt(value)] = value;
  VALUES[DIGITS.toUpperCase().charCodeAt(value)] = value;
}

/** More arguments than these are not handed to one call. */
const PIECE_BYTES = 64;
const codes: number[] = [];

/** Lower case. */
export function bytesToHex(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > PIECE_BYTES) {
    return bytesToHex(bytes.subarray(0, PIECE_BYTES)) + bytesToHex(bytes.subarray(PIECE_BYTES));
  }
  codes.length = 2 * length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i]!;
    codes[2 * i] = CODES[byte >> 4]!;
    codes[2 * i + 1] = CODES[byte & 15]!;
  }
  return String.fromCharCode.apply(null, codes);
}

/** @throws RangeError an odd number of characters, or one that is no digit */
export function hexToBytes(hex: string): Uint8Array {
  const length = hex.length / 2;
  if (!Number.isInteger(length)) throw new RangeError('a hexadecimal text has two digits a byte');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const high = VALUES[hex.charCodeAt(2 * i)] ?? NO_DIGIT;
    const low = VALUES[hex.charCodeAt(2 * i + 1)] ?? NO_DIGIT;
    if (((high | low) & NO_DIGIT) !== 0) throw new RangeError('not a hexadecimal digit');
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
