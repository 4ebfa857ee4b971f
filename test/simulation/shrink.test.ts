/** A failing run is made as short as it can be, and no shorter. */
import { expect, it } from 'vitest';
import { shrink } from '../../simulations/simulator/shrink.ts';

const broken = (rule: string) => ({ violations: [{ rule, text: '', at: 0 }] });
const held = { violations: [] };

it.each([
  [40, [7, 23]],
  [40, [0, 39]],
  [1, [0]],
  [100, [3, 4, 5, 50, 98]],
])('of %i steps it keeps %j', async (steps, needed) => {
  const shrunk = await shrink(steps, broken('6 atomic'), async (keep) =>
    needed.every((place) => keep.has(place)) ? broken('6 atomic') : held,
  );
  expect(shrunk.keep).toEqual(needed);
});

it('does not take another failure for the same one', async () => {
  const shrunk = await shrink(8, broken('6 atomic'), async (keep) =>
    keep.has(5) ? broken('6 atomic') : broken('11 liveness'),
  );
  expect(shrunk.keep).toEqual([5]);
});
