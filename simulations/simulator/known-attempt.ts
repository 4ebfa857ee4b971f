/** What a participant that keeps no rule knows of an attempt in which it takes part. */
import { type Hash, hashOf, type PublicKey } from '../../protocol/identity/pid.ts';
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import type { Kind } from '../checkers/frames.ts';
import { payloadOf } from '../checkers/reading.ts';

export interface Known {
  readonly kind: Kind;
  readonly about: { readonly tx: Hash; readonly attempt: number; readonly manifest: Hash };
  readonly manifest: Uint8Array;
  readonly voters: readonly PublicKey[];
  /** The votes that came with an outcome. */
  certificate?: Uint8Array[];
}

/** @param manifest of which it has got the bytes */
export function knownOf(manifest: Uint8Array): Known {
  const map = decode(manifest) as CborMap;
  return {
    kind: map.kind as Kind,
    manifest,
    about: {
      tx: hashOf(payloadOf(map.order as Uint8Array)),
      attempt: Number(map.attempt),
      manifest: hashOf(manifest),
    },
    voters: (map.voters as Uint8Array[]).map(
      (key) => Buffer.from(key).toString('hex') as PublicKey,
    ),
  };
}
