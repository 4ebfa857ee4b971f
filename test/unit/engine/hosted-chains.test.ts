/** Chains among members of one hub: found in its own books, without a message, the largest first. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { HostedVillage } from './hosted.ts';

const MEMBERS = ['maria', 'nina', 'olha', 'petro'];
const ALLOWS = { policy: { ...DEFAULT_POLICY, allow_shortening: true } };
/** `creditor>debtor limit`: Maria → Nina → Olha → Petro, and what Maria may come to owe instead. */
const LINES = ['nina>maria 50', 'olha>nina 50', 'petro>olha 50'];
const INSTEAD = ['olha>maria 5', 'maria>olha 1', 'petro>maria 20', 'maria>petro 1'];

async function open({ trigger = false, allowed = true } = {}): Promise<HostedVillage> {
  const hosted = await HostedVillage.open({
    people: ['hub'],
    hosted: { hub: MEMBERS },
    settings: { clearing: { trigger, pass_ms: 0 } },
    own: { hub: { hub: { enabled: true, admission: 'open' } } },
  });
  for (const text of [...LINES, ...INSTEAD]) {
    const [pair = '', limit = ''] = text.split(' ');
    const [from = '', to = ''] = pair.split('>');
    const line = hosted.line(from, to, limit, allowed ? ALLOWS : {});
    hosted.deliver('hub', 'TRUST_LINE_CREATE', line);
    await hosted.village.pass(50);
  }
  return hosted;
}

async function owe(hosted: HostedVillage): Promise<void> {
  for (const [debtor, creditor, amount] of [
    ['olha', 'petro', '9'],
    ['nina', 'olha', '12'],
    ['maria', 'nina', '10'],
  ] as const) {
    const { tx, bytes } = hosted.order(debtor, creditor, amount, 'hub', { max_hops: 1 });
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await hosted.village.calm();
    expect(await hosted.outcome('hub', tx)).toBe('COMMITTED');
  }
}

/** What Maria owes Nina, Nina Olha, Olha Petro; then Maria Petro, and Maria Olha. */
const debts = (hosted: HostedVillage) =>
  [
    ['maria', 'nina'],
    ['nina', 'olha'],
    ['olha', 'petro'],
    ['maria', 'petro'],
    ['maria', 'olha'],
  ].map(([debtor, creditor]) => hosted.owes('hub', debtor!, creditor!));

describe('chains among members of a hub', () => {
  it('become shorter when they are looked for: the longest amount first', async () => {
    const hosted = await open();
    await owe(hosted);
    expect(debts(hosted)).toEqual([10, 12, 9, 0, 0]);
    const hub = hosted.village.service('hub');
    const found = await hosted.village.run(hub.clearNow({ equivalent: 'UAH', dry_run: false }));
    expect(found.map(({ shortens, amount }) => [shortens, amount])).toEqual([
      [true, '9.00'],
      [true, '1.00'],
    ]);
    expect(await hosted.village.calm()).toBe(true);
    expect(debts(hosted)).toEqual([0, 2, 0, 9, 1]);
    const [totals] = await hosted.village.run(hub.clearingTotals());
    expect(totals).toMatchObject({ cycles: 0, shortened: { chains: 2, removed: '19.00' } });
    expect(await hosted.faults()).toEqual([]);
  });

  it('are found after a payment', async () => {
    const hosted = await open({ trigger: true });
    await owe(hosted);
    await hosted.village.pass(5_000);
    expect(await hosted.village.calm()).toBe(true);
    expect(debts(hosted)).toEqual([0, 2, 0, 9, 1]);
    expect(await hosted.faults()).toEqual([]);
  });

  it('are left alone where nobody has allowed it', async () => {
    const hosted = await open({ trigger: true, allowed: false });
    await owe(hosted);
    await hosted.village.pass(5_000);
    expect(debts(hosted)).toEqual([10, 12, 9, 0, 0]);
  });
});
