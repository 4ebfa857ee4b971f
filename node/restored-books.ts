/** Books that came from a backup: what they do not know, and what follows from that. */
import { CLOCK_SKEW_MS_MAX } from '../protocol/limits.ts';
import type { Attempts } from './engine/attempts/attempts.ts';
import type { Hall } from './engine/hall.ts';
import type { State } from './engine/state.ts';
import type { Log } from './ports.ts';
import { RESTORED_MARK } from './store/keys.ts';
import { decodeCount } from './store/records.ts';

export class RestoredBooks {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** When these books were restored from a backup, ms since 1970 UTC. */
  get at(): number | undefined {
    const mark = this.#state.meta.get(RESTORED_MARK);
    return mark && decodeCount(mark);
  }

  /**
   * Books that came from a backup do not know what was voted after it: about orders made before they
   * were restored (and a clock's error) this node says nothing of its own.
   */
  blindUntil(): number {
    return this.at === undefined ? 0 : this.at + CLOCK_SKEW_MS_MAX;
  }

  /** What was under way when a backup was made has gone on without these books. */
  async distrust(hall: Hall, attempts: Attempts, log: Log): Promise<void> {
    const { at } = this;
    if (at === undefined) return;
    const fields = { restored: new Date(at).toISOString(), edges: this.#state.edges.size };
    log.info(fields, 'restored books: comparing every edge with its other end');
    const live = [...this.#state.attempts.keys()];
    await Promise.all(live.map((hash) => hall.turn((turn) => attempts.restored(turn, hash, at))));
  }
}
