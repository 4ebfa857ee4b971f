/** What a participant that keeps no rule knows of an attempt in which it takes part. */
import { type Hash, hashOf, type PublicKey } from '../../protocol/identity/pid.ts';
import { Manifest } from '../../protocol/wire/messages/payment.ts';
import { decodeWith } from '../../protocol/wire/schema.ts';
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

/**
 * @param bytes of a manifest, which need not hold together
 * @throws GeoError E009 `bad_cbor` | `bad_message`: another liar has damaged it, and nothing can be said about it
 */
export function knownOf(bytes: Uint8Array): Known {
  const { kind, order, attempt, voters } = decodeWith(Manifest, bytes, 'manifest');
  const about = { tx: hashOf(payloadOf(order)), attempt, manifest: hashOf(bytes) };
  return { kind, manifest: bytes, about, voters };
}
