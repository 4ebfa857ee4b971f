/** Add-ons: which there are, and how they are. */

import type { AddonOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';

export function addonOperations({ addons }: Rooms): AddonOperations {
  return {
    addons: () => addons.list(),
    restartAddon: (name) => addons.restart(name),
  };
}
