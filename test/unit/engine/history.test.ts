/** The history is in the order in which things happened here, whatever the clock said. */
import { expect, it } from 'vitest';
import { Village } from './harness.ts';

it('keeps its order and every entry when the clock is set back and the node restarted', async () => {
  const village = await Village.open({ people: ['anna', 'boris'], lines: ['boris>anna 100'] });
  const texts = async (since?: string) => {
    const query = since === undefined ? {} : { since };
    return (await village.run(village.service('anna').history(query))).map((row) => row.equivalent);
  };
  const before = await texts();
  const setBackAt = new Date(village.clock.now()).toISOString();
  await village.restart('anna');
  village.setClock('anna', -3_600_000);
  for (const code of ['HOUR', 'EUR']) {
    await village.run(
      village.service('anna').defineEquivalent({ code, precision: 1, metadata: {} }),
    );
  }
  village.setClock('anna', 0);
  await village.run(
    village.service('anna').defineEquivalent({ code: 'KG', precision: 1, metadata: {} }),
  );
  const after = await texts();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.slice(before.length)).toEqual(['HOUR', 'EUR', 'KG']);
  expect(await texts(setBackAt)).toEqual(['KG']);
});
