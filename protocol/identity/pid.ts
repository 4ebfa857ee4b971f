/**
 * A participant's name: `PID = base58btc(sha256(public key))` (docs/PROTOCOL.md, "Identity").
 *
 * In memory keys, hashes and PIDs are strings, so that they can be compared, used as map keys and
 * printed; on the wire they are 32 raw bytes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { invalid } from '../errors.ts';
import { bytesToHex, hexToBytes } from './hex.ts';
import { hexOf32 } from './hex-table.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** base58btc of the 32-byte hash of a public key. */
export type Pid = Branded<'Pid'>;
/** 64 lower-case hexadecimal digits: a raw Ed25519 public key. */
export type PublicKey = Branded<'PublicKey'>;
/** 64 lower-case hexadecimal digits: a SHA-256 hash. */
export type Hash = Branded<'Hash'>;
/** SHA-256 of an order's bytes; names a payment or a clearing. */
export type TxId = Hash;

const HASH_BYTES = 32;
/** Longest base58 of 32 bytes. Reading base58 takes time by the square of the length: look first. */
const PID_LENGTH_MAX = 44;

// Base58 of 32 bytes is a division of big numbers (10 µs and more); a node meets few participants,
// over and over. Bounded so that strangers cannot grow it.
const MEMO_MAX = 50_000;
const pidByHex = new Map<string, Pid>();
const hexByPid = new Map<Pid, string>();
const hashByPid = new Map<Pid, Uint8Array>();

function remember(hex: string, pid: Pid): Pid {
  if (pidByHex.size >= MEMO_MAX) {
    pidByHex.clear();
    hexByPid.clear();
    hashByPid.clear();
  }
  pidByHex.set(hex, pid);
  hexByPid.set(pid, hex);
  return pid;
}

/** @throws GeoError E009 `bad_hash` */
export function pidFromHash(hash: Uint8Array): Pid {
  if (hash.length !== HASH_BYTES) throw invalid('bad_hash', 'A hash has 32 bytes.');
  return pidFromHex(hexOf32(hash));
}

/** @param hex 64 lower-case hexadecimal digits */
export function pidFromHex(hex: string): Pid {
  return pidByHex.get(hex) ?? remember(hex, base58.encode(hexToBytes(hex)) as Pid);
}

/** The 32 hash bytes of a PID; not to be changed, since whoever asks is given the same ones. */
export function pidToHash(pid: Pid): Uint8Array {
  const known = hashByPid.get(pid);
  if (known !== undefined) return known;
  const hash = hexToBytes(pidToHex(pid));
  hashByPid.set(pid, hash);
  return hash;
}

/** The hash as hexadecimal digits; its order is the order of the hash bytes. */
export function pidToHex(pid: Pid): string {
  const known = hexByPid.get(pid);
  if (known !== undefined) return known;
  const hex = bytesToHex(base58.decode(pid));
  remember(hex, pid);
  return hex;
}

const pidByKey = new Map<PublicKey, Pid>();

/** The PID of a key; remembered, since the same few keys come over and over. */
export function pidFromPublicKey(key: PublicKey): Pid {
  const known = pidByKey.get(key);
  if (known !== undefined) return known;
  if (pidByKey.size >= MEMO_MAX) pidByKey.clear();
  const pid = pidFromHash(sha256(hexToBytes(key)));
  pidByKey.set(key, pid);
  return pid;
}

/**
 * A PID from text, as a person or a file gives it.
 * @throws GeoError E009 `bad_pid`
 */
export function parsePid(text: string): Pid {
  let bytes: Uint8Array | undefined;
  try {
    if (text.length <= PID_LENGTH_MAX) bytes = base58.decode(text);
  } catch {
    // falls through: the sentence below says what a PID looks like
  }
  if (bytes?.length !== HASH_BYTES) {
    throw invalid(
      'bad_pid',
      `"${text.slice(0, 60)}" is not a PID: 43 or 44 base58 characters are expected, as \`geo id\` prints them.`,
    );
  }
  return remember(bytesToHex(bytes), text as Pid);
}

/** Orders two PIDs by their hash bytes: negative if `a` is the lower. */
export function comparePids(a: Pid, b: Pid): number {
  const x = pidToHex(a);
  const y = pidToHex(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/**
 * @throws GeoError E009 `bad_public_key` unless there are 32 bytes. Whether they are a point is the
 * verifier's business.
 */
export function publicKeyFromBytes(bytes: Uint8Array): PublicKey {
  if (bytes.length !== 32) throw invalid('bad_public_key', 'A public key has 32 bytes.');
  return hexOf32(bytes) as PublicKey;
}

/** The 32 raw bytes of a key. */
export function publicKeyToBytes(key: PublicKey): Uint8Array {
  return hexToBytes(key);
}

/** @throws GeoError E009 `bad_hash` unless there are 32 bytes */
export function hashFromBytes(bytes: Uint8Array): Hash {
  if (bytes.length !== 32) throw invalid('bad_hash', 'A hash has 32 bytes.');
  return hexOf32(bytes) as Hash;
}

/** The 32 raw bytes of a hash. */
export function hashToBytes(hash: Hash): Uint8Array {
  return hexToBytes(hash);
}

/** SHA-256. */
export function hashOf(bytes: Uint8Array): Hash {
  return hexOf32(sha256(bytes)) as Hash;
}
