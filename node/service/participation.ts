/** Whether this participant takes on new debt, or only lets what there is be repaid. Kept over restarts. */
import type { Hall } from '../engine/hall.ts';

/** Name in `meta/`: one byte, 1 while frozen. */
const FROZEN = 'participation-frozen';

export interface Participation {
  readonly isFrozen: () => boolean;
  readonly setFrozen: (frozen: boolean) => Promise<void>;
}

export function participationOf(hall: Hall): Participation {
  return {
    isFrozen: () => hall.state.meta.get(FROZEN)?.[0] === 1,
    setFrozen: (frozen) =>
      hall.turn((turn) => turn.putMeta(FROZEN, new Uint8Array([frozen ? 1 : 0]))),
  };
}
