/** Payments that leave a hub and come back to it over somebody with a node of its own. */
import { expect, it } from 'vitest';
import { HostedVillage } from './hosted.ts';

it('a payment between members of one hub passes over a node between them', async () => {
  const hosted = await HostedVillage.open({
    people: ['hub', 'mill', 'shop'],
    hosted: { hub: ['taras', 'olena', 'nadia'] },
    acquainted: true,
  });
  // taras → mill → olena → shop → nadia: out and in, twice.
  await hosted.trust('hub', 'olena>mill 50');
  await hosted.trust('hub', 'taras>mill 1');
  await hosted.trustMember('mill', 'taras', '50');
  await hosted.trust('hub', 'nadia>shop 50');
  await hosted.trust('hub', 'olena>shop 1');
  await hosted.trustMember('shop', 'olena', '50');
  await hosted.village.calm();
  expect(await hosted.pay('hub', 'taras', 'olena', '5')).toBe('COMMITTED');
  expect(await hosted.pay('hub', 'taras', 'nadia', '7')).toBe('COMMITTED');
  expect(hosted.owes('mill', 'taras', 'mill')).toBe(12);
  expect(hosted.owes('hub', 'shop', 'nadia')).toBe(7);
  expect(await hosted.faults()).toEqual([]);
});
