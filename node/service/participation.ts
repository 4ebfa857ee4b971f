/** Whether this participant takes on new debt, or only lets what there is be repaid. Kept over restarts. */
import type { Hall } from '../engine/hall.ts';
import { PARTICIPATION_FROZEN } from '../store/keys.ts';

export interface Participation {
  readonly isFrozen: () => boolean;
  readonly setFrozen: (frozen: boolean) => Promise<void>;
}

export function participationOf(hall: Hall): Participation {
  return {
    isFrozen: () => hall.state.meta.get(PARTICIPATION_FROZEN)?.[0] === 1,
    setFrozen: (frozen) =>
      hall.turn((turn) => turn.putMeta(PARTICIPATION_FROZEN, new Uint8Array([frozen ? 1 : 0]))),
  };
}
