/** Add-ons: which there are, and how they are. */
import type { Rooms } from '../rooms.ts';
import type { AddonOperations } from '../service.ts';

export function addonOperations({ addons }: Rooms): AddonOperations {
  return {
    addons: () => addons.list(),
    restartAddon: (name) => addons.restart(name),
  };
}
