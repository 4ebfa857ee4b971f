/** What a dishonest member might report to its hub: of its own edges what is not so, and of edges of others. */
import { type PublicKey, pidFromPublicKey, pidToHash } from '../../protocol/identity/pid.ts';
import { type CborMap, decode, encode } from '../../protocol/wire/cbor.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { signedFrame } from '../../protocol/wire/envelope.ts';
import type { ReadFrame } from '../checkers/frames.ts';
import { payloadOf } from '../checkers/reading.ts';
import type { SeededRandom } from '../random.ts';
import type { Identity } from './identities.ts';

const PLENTY = 1_000_000;

/** @param frame the EDGE_REPORT that its node wants to send */
export function alteredReport(
  { body }: ReadFrame,
  random: SeededRandom,
  liar: Identity,
  others: readonly PublicKey[],
): Uint8Array {
  const said = decode(payloadOf(body)) as CborMap;
  const edges = (said.edges as CborMap[]).map((edge) => altered(edge, random, others));
  const sequence = Number(said.sequence) + 1;
  const payload = encode({ ...said, sequence, edges });
  const { publicKey, signer } = liar;
  const envelope = sealSign1('EDGE_REPORT', payload, publicKey, (message) => signer.sign(message));
  return signedFrame('EDGE_REPORT', envelope);
}

function altered(edge: CborMap, random: SeededRandom, others: readonly PublicKey[]): CborMap {
  switch (random.below(3)) {
    case 0:
      return { ...edge, up: PLENTY, down: PLENTY, low_carries: true, high_carries: true };
    case 1:
      return { ...edge, balance: -Number(edge.balance), up: 0, down: 0 };
    default: {
      const [a, b] = random
        .shuffled(others)
        .map((key) => pidToHash(pidFromPublicKey(key)))
        .toSorted(Buffer.compare);
      return a === undefined || b === undefined ? edge : { ...edge, low: a, high: b };
    }
  }
}
