/** What a hub says of the edges of its community: debts and limits, from its own books and from reports. */
import { describe, expect, it } from 'vitest';
import { Village } from '../engine/harness.ts';
import { faultOf, join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'cyril'];
const LINES = ['boris>anna 100', 'anna>boris 40', 'cyril>boris 70'];
const REPORT_MS = 100;

async function open(): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...PEOPLE],
    lines: LINES,
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: REPORT_MS } },
    own: { hub: { hub: { enabled: true, admission: 'open' } } },
  });
  for (const name of PEOPLE) await join(village, name);
  await village.calm();
  await village.pass(5 * REPORT_MS);
  return village;
}

/** `anna owes boris 5.00; anna trusts boris 40.00, boris trusts anna 100.00` for each edge, by names. */
function edgesOf(village: Village): string[] {
  const nameOf = (pid: string) => village.names.find((name) => village.pid(name) === pid)!;
  return village
    .service('hub')
    .hubEdges({ equivalent: 'UAH' })
    .map(({ low, high, balance, low_gives, high_gives }) => {
      const [one, other] = [nameOf(low), nameOf(high)];
      const owed = balance.startsWith('-')
        ? `${one} owes ${other} ${balance.slice(1)}`
        : `${other} owes ${one} ${balance}`;
      const trust = [`${one} trusts ${other} ${low_gives}`, `${other} trusts ${one} ${high_gives}`];
      return [Number(balance) === 0 ? 'nothing is owed' : owed, ...trust.sort()].join('; ');
    })
    .sort();
}

describe('the edges that a hub knows', () => {
  it('are told with debts and limits, as their nodes have them', async () => {
    const village = await open();
    expect(edgesOf(village)).toEqual([
      'nothing is owed; anna trusts boris 40.00; boris trusts anna 100.00',
      'nothing is owed; boris trusts cyril 0.00; cyril trusts boris 70.00',
    ]);
    await village.pay('anna', 'cyril', '5');
    await village.calm();
    await village.pass(5 * REPORT_MS);
    expect(edgesOf(village)).toEqual([
      'anna owes boris 5.00; anna trusts boris 40.00; boris trusts anna 100.00',
      'boris owes cyril 5.00; boris trusts cyril 0.00; cyril trusts boris 70.00',
    ]);
    expect(village.service('hub').hubEdges({ equivalent: 'XYZ' })).toEqual([]);
    expect(await faultOf((async () => village.service('anna').hubEdges({}))())).toBe('no_hub');
  });
});
