/** Hosted members who want to be asked about a clearing that another node than their hub proposes. */
import { describe, expect, it } from 'vitest';
import type * as shapes from '../../../node/service/shapes.ts';
import type { TxId } from '../../../protocol/identity/pid.ts';
import { signedFrame } from '../../../protocol/wire/envelope.ts';
import { person } from '../machines/sample-payment.ts';
import type { SettingsPatch } from './harness.ts';
import { HostedVillage, sealBy } from './hosted.ts';
import { accountOf, HOSTED, oweRound, roundDebts, say } from './hosted-round.ts';

interface Asked {
  readonly hosted: HostedVillage;
  readonly tx: TxId;
  readonly account: (name: string) => Promise<shapes.Account>;
  readonly agree: (name: string) => Promise<unknown>;
  readonly refuse: (name: string) => Promise<unknown>;
  /** What Anna owes Nina, Nina owes Maria, and Maria owes Anna. */
  readonly debts: () => number[];
}

/** Anna has a node and proposes the cycle; both hosted members want to be asked. */
async function asked(clearing: SettingsPatch['clearing'] = {}): Promise<Asked> {
  const hosted = await HostedVillage.open({
    people: ['hub', 'anna'],
    hosted: { hub: HOSTED },
    settings: { clearing: { trigger: false, search_ms: 300, consent_ms: 60_000, ...clearing } },
  });
  const { village } = hosted;
  const round = { hosted, hub: 'hub', node: 'anna' };
  await oweRound(round, '10');
  const cycle = ['me', person('nina').pid, person('maria').pid];
  const proposed = await village.run(
    village.service('anna').clearCycle({ equivalent: 'UAH', cycle, amount: '8' }),
  );
  expect(proposed).toMatchObject({ state: 'PROPOSED', waits_for: [person('nina').pid] });
  await village.pass(100);
  return {
    hosted,
    tx: proposed.tx_id as TxId,
    account: (name) => accountOf(round, name),
    agree: (name) => say(round, name, proposed, true),
    refuse: (name) => say(round, name, proposed, false),
    debts: () => roundDebts(round),
  };
}

const untouched = [10, 10, 10];

describe('hosted members who want to be asked by another coordinator', () => {
  it('find it in their accounts, agree by their own signatures, and the cycle is cleared', async () => {
    const { hosted, tx, account, agree, debts } = await asked();
    for (const name of ['nina', 'maria']) {
      const { clearings, history } = await account(name);
      expect(clearings).toMatchObject([{ tx_id: tx, waits_for_me: true, amount: '8.00' }]);
      expect(history).toContainEqual(expect.objectContaining({ type: 'clearing', tx_id: tx }));
    }
    expect(hosted.village.service('hub').pendingClearings()).toEqual([]);
    await agree('nina');
    await hosted.village.pass(3_000);
    expect((await account('nina')).clearings).toEqual([]);
    expect(debts()).toEqual(untouched);
    await agree('maria');
    expect(await hosted.village.calm()).toBe(true);
    expect(debts()).toEqual([2, 2, 2]);
    expect(await hosted.outcome('hub', tx)).toBe('COMMITTED');
    expect((await account('maria')).history).toContainEqual(
      expect.objectContaining({ tx_id: tx, text: expect.stringContaining('lowered') }),
    );
    expect(await hosted.faults()).toEqual([]);
  });

  it('refuse it, each for all', async () => {
    const { hosted, tx, account, agree, refuse, debts } = await asked();
    await agree('nina');
    await refuse('maria');
    await hosted.village.calm();
    expect(debts()).toEqual(untouched);
    for (const node of ['hub', 'anna']) {
      expect(await hosted.outcome(node, tx)).toMatch(/^REJECTED/);
    }
    expect((await account('nina')).clearings).toEqual([]);
    expect(await hosted.faults()).toEqual([]);
  });

  it('say nothing, which is no', async () => {
    const { hosted, tx, account, debts } = await asked({ consent_ms: 5_000 });
    await hosted.village.pass(6_000);
    expect((await account('nina')).clearings).toEqual([]);
    expect(await hosted.outcome('anna', tx)).toMatch(/^REJECTED/);
    expect(await hosted.outcome('hub', tx)).toMatch(/^REJECTED/);
    expect(debts()).toEqual(untouched);
  });

  it('are still asked by a hub that was restarted, and an answer that is lost comes again', async () => {
    const { hosted, account, agree, debts } = await asked();
    await hosted.village.restart('hub');
    expect((await account('nina')).clearings).toHaveLength(1);
    let lost = 0;
    hosted.village.fate = ({ type }) =>
      type === 'CLEARING_ACCEPT' && lost++ < 2 ? 'drop' : 'deliver';
    await agree('nina');
    await agree('maria');
    await hosted.village.pass(20_000);
    expect(lost).toBeGreaterThan(2);
    expect(await hosted.village.calm()).toBe(true);
    expect(debts()).toEqual([2, 2, 2]);
  });

  it('cannot be spoken for by others, nor answer twice', async () => {
    const { hosted, tx, agree, refuse, debts } = await asked();
    const fault = (what: string) => ({ details: { fault: what } });
    await expect(agree('anna')).rejects.toMatchObject(fault('not_asked'));
    await agree('nina');
    await expect(refuse('nina')).rejects.toMatchObject(fault('not_asked'));
    // In Maria's name, with another's signature; the hub itself does not agree for her either.
    const body = { tx, participant_key: person('maria').signer.publicKey, amount: 800n };
    const expires = hosted.village.clock.now() + 60_000;
    const forged = sealBy(person('hub'), 'CLEARING_ACCEPT', { ...body, expires });
    hosted.village.inject('hub', 'anna', signedFrame('CLEARING_ACCEPT', forged));
    await hosted.village.pass(3_000);
    expect(debts()).toEqual(untouched);
  });
});
