/** Ends of attempts that a payment or a clearing of this process waits for. */
import type { Hash } from '../../../protocol/identity/pid.ts';
import type { Hall } from '../hall.ts';
import type { AttemptEnded } from '../notices.ts';
import { endOf } from './transactions.ts';

export class AwaitedEnds {
  readonly #hall: Hall;
  readonly #waiting = new Map<Hash, (ended: AttemptEnded) => void>();

  /**
   * @param kind of the attempts that are waited for; this node coordinates them
   * @param onUnawaited the process was restarted in between, and nobody waits any more
   */
  constructor(hall: Hall, kind: AttemptEnded['kind'], onUnawaited: (ended: AttemptEnded) => void) {
    this.#hall = hall;
    hall.listen((notice) => {
      if (notice.type === 'store-reread') this.#lookAgain();
      if (notice.type !== 'attempt-ended' || notice.kind !== kind || !notice.coordinator) return;
      const waiting = this.#waiting.get(notice.hash);
      if (waiting === undefined) onUnawaited(notice);
      else waiting(notice);
    });
  }

  /** Asked for before the attempt is begun; forgotten whatever becomes of it. */
  of(hash: Hash): Promise<AttemptEnded> {
    return new Promise((resolve) => this.#waiting.set(hash, resolve));
  }

  forget(hash: Hash): void {
    this.#waiting.delete(hash);
  }

  /** A batch that the disk refused and kept all the same has ended attempts without a word of it. */
  #lookAgain(): void {
    for (const [hash, waiting] of this.#waiting) {
      const attempt = this.#hall.state.attemptOf(hash);
      const ended = attempt && endOf(attempt);
      if (ended !== undefined) waiting(ended);
    }
  }
}
