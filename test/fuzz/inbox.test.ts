/** A node that is sent mutations of every message, from a neighbour and from a stranger, goes on. */
import { expect, it } from 'vitest';
import { seededRandom } from '../../simulations/random.ts';
import { Village } from '../unit/engine/harness.ts';
import { faultsOf } from '../unit/engine/village-audit.ts';
import { mutated, SOUND_FRAMES } from './mutations.ts';

it.each([1, 2, 3])('seed %i', async (seed) => {
  const village = await Village.open({
    people: ['anna', 'boris', 'cyril', 'mallory'],
    lines: ['boris>anna 100', 'cyril>boris 100', 'boris>mallory 5'],
    settings: { hub: { enabled: true, admission: 'open' } },
  });
  const random = seededRandom(seed);
  village.sent.length = 0;
  const address = village.service('boris').identity().addresses[0]!;
  const anna = { address, name: 'anna', about: '', kind: 'person' } as const;
  await village.run(village.service('anna').join(anna));
  await village.pay('anna', 'cyril', '3');
  // Frames of this very village get further than those of the vectors.
  const corpus = [...SOUND_FRAMES, ...village.sent.map(({ frame }) => frame)];
  const paying = [village.begin('anna', 'cyril', '2'), village.begin('anna', 'boris', '1')];
  for (let count = 0; count < 1_500; count++) {
    const frame = mutated(random.pick(corpus), random, corpus);
    const from = random.pick(['anna', 'cyril', 'mallory']);
    if (frame.length > 0) village.inject(from, 'boris', frame);
    if (count % 50 === 0) await village.pass(5);
  }
  await village.run(Promise.all(paying));
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
  expect(await village.pay('anna', 'cyril', '1')).toMatchObject({ state: 'COMMITTED' });
});
