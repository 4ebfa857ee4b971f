/** Manifests that a dishonest coordinator might send instead of the one it shows to the others. */
import { type CborMap, type CborValue, decode, encode } from '../../protocol/wire/cbor.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { payloadOf } from '../checkers/reading.ts';
import type { SeededRandom } from '../random.ts';
import type { Identity } from './identities.ts';

/** @param liar signs what it has no right to sign */
export function alteredManifest(
  bytes: Uint8Array,
  random: SeededRandom,
  liar: Identity,
): Uint8Array {
  const map = decode(bytes) as CborMap;
  const routes = map.routes as readonly CborMap[];
  const [first, ...rest] = routes;
  const path = first!.path as readonly number[];
  const changed = (route: CborMap): CborMap => ({ ...map, routes: [route, ...rest] });
  switch (random.below(map.consents === undefined ? 6 : 8)) {
    case 0:
      // A good manifest, but not the one that the others vote on.
      return encode({ ...map, attempt: Number(map.attempt) + 1 });
    case 1:
      return encode({ ...map, prepare_by: Number(map.prepare_by) + 1 });
    case 2:
      // The routes no longer add up to the order's amount.
      return encode(changed({ ...first!, amount: BigInt(first!.amount as number) + 7n }));
    case 3:
      // A loop: the way passes the payer again.
      return encode(changed({ ...first!, path: [path[0]!, ...path] }));
    case 4:
      // A voter less: whoever is missing would owe without having been asked.
      return encode({ ...map, voters: (map.voters as readonly CborValue[]).slice(1) });
    case 6: {
      const { consents: _, ...unasked } = map;
      return encode(unasked);
    }
    case 7:
      // A consent more, which the liar gives in the place of the one who was asked.
      return encode({
        ...map,
        consents: (map.consents as Uint8Array[]).map((each) => ownWords(each, liar)),
      });
    default:
      return encode({ ...map, order: withAnotherAmount(map.order as Uint8Array, liar) });
  }
}

/** The same consent under the signature of somebody else. */
function ownWords(consent: Uint8Array, liar: Identity): Uint8Array {
  return sealSign1('CLEARING_ACCEPT', payloadOf(consent), liar.publicKey, (message) =>
    liar.signer.sign(message),
  );
}

/** The payer's order (or a proposal) with more in it, under the signature of somebody else. */
function withAnotherAmount(order: Uint8Array, liar: Identity): Uint8Array {
  const body = decode(payloadOf(order)) as CborMap;
  const payload = encode({ ...body, amount: BigInt(body.amount as number) * 2n });
  const type = body.cycle === undefined ? 'PAYMENT_REQUEST' : 'CLEARING_PROPOSE';
  return sealSign1(type, payload, liar.publicKey, (message) => liar.signer.sign(message));
}
