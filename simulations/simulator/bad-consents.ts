/** Proposals and consents that a dishonest participant might send beside its true ones. */
import {
  type Hash,
  hashToBytes,
  type PublicKey,
  publicKeyToBytes,
} from '../../protocol/identity/pid.ts';
import { type CborMap, decode, encode } from '../../protocol/wire/cbor.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { signedFrame } from '../../protocol/wire/envelope.ts';
import type { ReadFrame } from '../checkers/frames.ts';
import { payloadOf } from '../checkers/reading.ts';
import type { SeededRandom } from '../random.ts';
import { EPOCH_MS } from './clock.ts';
import type { Identity } from './identities.ts';

const HOUR_MS = 3_600_000;

/**
 * Another frame of the same kind, or the opposite of a consent.
 * @param frame CLEARING_PROPOSE or CLEARING_ACCEPT of the liar
 */
export function alteredWord(
  { name, body }: ReadFrame,
  random: SeededRandom,
  liar: Identity,
  others: readonly PublicKey[],
): Uint8Array {
  const said = decode(payloadOf(body)) as CborMap;
  const type = name === 'CLEARING_ACCEPT' ? name : 'CLEARING_PROPOSE';
  switch (random.below(4)) {
    case 0:
      return frameOf(type, { ...said, amount: BigInt(said.amount as number) * 3n }, liar);
    case 1:
      return frameOf(type, { ...said, expires: Number(said.expires) - HOUR_MS }, liar);
    case 2: {
      const key = publicKeyToBytes(random.pick(others));
      const inAnothersName =
        type === 'CLEARING_ACCEPT' ? { participant_key: key } : { coordinator_key: key };
      return frameOf(type, { ...said, ...inAnothersName }, liar);
    }
    default: {
      if (type === 'CLEARING_PROPOSE') {
        const cycle = (said.cycle as Uint8Array[]).toReversed();
        return frameOf(type, { ...said, cycle }, liar);
      }
      const { tx, participant_key } = said;
      const no = { tx: tx!, participant_key: participant_key!, fault: 'no', text: 'No.' };
      return frameOf('CLEARING_REJECT', no, liar);
    }
  }
}

/** Yes or no to a proposal of somebody who has asked nothing. */
export function unaskedWord(tx: Hash, random: SeededRandom, liar: Identity): Uint8Array {
  const about = {
    tx: hashToBytes(tx),
    participant_key: publicKeyToBytes(liar.publicKey),
  };
  return random.below(2) === 0
    ? frameOf('CLEARING_REJECT', { ...about, fault: 'no', text: 'No.' }, liar)
    : frameOf('CLEARING_ACCEPT', { ...about, amount: 1, expires: EPOCH_MS + HOUR_MS }, liar);
}

function frameOf(
  type: 'CLEARING_PROPOSE' | 'CLEARING_ACCEPT' | 'CLEARING_REJECT',
  body: CborMap,
  { publicKey, signer }: Identity,
): Uint8Array {
  return signedFrame(
    type,
    sealSign1(type, encode(body), publicKey, (message) => signer.sign(message)),
  );
}
