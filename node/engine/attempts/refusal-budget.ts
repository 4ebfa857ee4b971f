/**
 * What strangers may make this node keep. A NO is a record for ever (docs/PROTOCOL.md, "When someone
 * disappears", R1), and anybody can write a manifest that names this node. Beyond the budget it says
 * nothing: it counts as away, which no outcome rests on, and answers once the budget has grown again.
 */
import { GeoError } from '../../../protocol/errors.ts';
import type { PublicKey } from '../../../protocol/identity/pid.ts';
import { TokenBucket } from '../../token-bucket.ts';

const DAY_S = 24 * 3600;

export class RefusalBudget {
  /** Made at the first use, when the time is known. */
  #bucket: TokenBucket | undefined;
  readonly #bytesPerDay: number;
  readonly #isKnown: (peer: PublicKey) => boolean;

  /**
   * @param bytesPerDay of manifests that are kept only to have refused them, all strangers together
   * @param isKnown whether this node deals with a peer: contact, neighbour, or agent of one
   */
  constructor(bytesPerDay: number, isKnown: (peer: PublicKey) => boolean) {
    this.#bytesPerDay = bytesPerDay;
    this.#isKnown = isKnown;
  }

  /**
   * Called before a NO is signed over a manifest of `bytes` bytes that `from` has sent.
   * @throws GeoError E006 `too_many_refusals`
   */
  spend(from: PublicKey, bytes: number, now: number): void {
    if (this.#isKnown(from)) return;
    this.#bucket ??= new TokenBucket(
      { perSecond: this.#bytesPerDay / DAY_S, burst: this.#bytesPerDay },
      now,
    );
    if (this.#bucket.take(bytes, now)) return;
    throw new GeoError(
      'E006',
      'This node has refused so much for participants that it does not know that it refuses no more today. Try again tomorrow, or become a contact of its owner.',
      { fault: 'too_many_refusals' },
    );
  }
}
