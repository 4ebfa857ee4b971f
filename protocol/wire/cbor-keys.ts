/**
 * Keys of maps that were met before. The few hundred names of the schemas come over and over; a string
 * put together from bytes would have to be looked up among all strings of the engine each time it
 * names a property, which took as long as all else that is done to read a map.
 *
 * A table of fixed size: what strangers send can push a name out of it, not make it grow.
 */

/** Longest key that is kept, bytes. Up to 23 the head of a text is one byte. */
export const KEPT_KEY_MAX = 23;

const SLOTS = 1024;
const kept: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

/**
 * @param from where the key's text begins in `bytes`
 * @param to its end; at most {@link KEPT_KEY_MAX} bytes later
 * @returns undefined unless all of it is ASCII
 */
export function keyAt(bytes: Uint8Array, from: number, to: number): string | undefined {
  let mixed = to - from;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return undefined;
    mixed = (Math.imul(mixed, 31) + byte) | 0;
  }
  const slot = (mixed ^ (mixed >>> 10)) & (SLOTS - 1);
  const known = kept[slot];
  if (known !== undefined && isTextAt(known, bytes, from, to)) return known;
  const key = propertyName(String.fromCharCode(...bytes.subarray(from, to)));
  kept[slot] = key;
  return key;
}

function isTextAt(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = from; i < to; i++) if (text.charCodeAt(i - from) !== bytes[i]) return false;
  return true;
}

/** The same text as the engine keeps it for the names of properties. */
function propertyName(text: string): string {
  return Object.keys({ [text]: 0 })[0]!;
}
