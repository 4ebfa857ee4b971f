/** docs/PROTOCOL.md, "Agents": what a grant lets an agent do, at every node that has to believe it. */
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import { verifyReceipt } from '../../protocol/receipt.ts';
import { encodeStatement, readStatement, verifyStatement } from '../../protocol/statement.ts';
import { HostedVillage } from '../unit/engine/hosted.ts';
import { person } from '../unit/machines/sample-payment.ts';

/** Maria and Nina at the hub; Maria and Anna, who has a node, trust each other. */
async function setup(settings: object = {}): Promise<HostedVillage> {
  const hosted = await HostedVillage.open({
    people: ['hub', 'anna', 'boris'],
    lines: ['anna>boris 50', 'boris>anna 50'],
    // Longer than a voter waits for a comparison: it says NO in time.
    settings: { payments: { prepare_ms: 5_000 }, ...settings },
    hosted: { hub: ['maria', 'nina'] },
  });
  for (const one of ['hub', 'courier']) {
    for (const other of ['anna', 'boris']) await hosted.village.introduce(one, other);
  }
  await hosted.trust('hub', 'maria>anna 40');
  await hosted.trust('hub', 'maria>nina 40');
  await hosted.trust('hub', 'nina>maria 40');
  await hosted.trustMember('anna', 'maria', '40');
  await hosted.village.calm();
  return hosted;
}

describe('a grant', () => {
  it('covers what it names: without `carry`, nobody pays over the member', async () => {
    const hosted = await setup();
    const scope = { pay: true, carry: false, clear: true };
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub', { scope }));
    await hosted.village.calm();
    expect(await hosted.pay('hub', 'nina', 'anna', '5')).toBe('ABORTED no_route');
    await hosted.trust('hub', 'nina>anna 9');
    await hosted.trustMember('anna', 'nina', '9');
    await hosted.village.calm();
    expect(await hosted.pay('hub', 'nina', 'anna', '5')).toBe('COMMITTED');
    expect(await hosted.pay('hub', 'maria', 'anna', '5')).toBe('COMMITTED');
    expect(await hosted.faults()).toEqual([]);
  });

  it('ends: no manifest rests on it that outlives it; the books stay where they are', async () => {
    const hosted = await setup();
    const { village } = hosted;
    expect(await hosted.pay('hub', 'maria', 'anna', '5')).toBe('COMMITTED');
    const soon = village.clock.now() + 60_000;
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub', { expires: soon }));
    await village.calm();
    await village.pass(40_000);
    expect(await hosted.pay('hub', 'maria', 'anna', '1')).toBe('ABORTED grant_not_covering');
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(5);
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub'));
    await village.calm();
    expect(await hosted.pay('hub', 'maria', 'anna', '1')).toBe('COMMITTED');
    expect(await hosted.faults()).toEqual([]);
  });

  it('of a lower sequence, or the same with other bytes, changes nothing', async () => {
    const hosted = await setup();
    const { village } = hosted;
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'boris', { sequence: 1 }));
    hosted.deliver('anna', 'AGENT_GRANT', hosted.grant('maria', 'boris', { sequence: 1 }));
    await village.calm();
    expect(await hosted.pay('hub', 'maria', 'anna', '5')).toBe('COMMITTED');
  });

  it('signed by another than the member is refused', async () => {
    const hosted = await setup();
    const { village } = hosted;
    const forged = Uint8Array.from(hosted.grant('maria', 'boris', { sequence: 9 }));
    forged[forged.length - 1]! ^= 1;
    hosted.deliver('anna', 'AGENT_GRANT', forged);
    await village.calm();
    const refused = village.log.filter(({ message }) => message === 'a message was refused');
    expect(refused.map(({ node, fields }) => [node, fields.fault])).toEqual([
      ['anna', 'bad_signature'],
    ]);
    expect(await hosted.pay('hub', 'maria', 'anna', '5')).toBe('COMMITTED');
  });
});

describe('what an agent signs for its member', () => {
  it('proves the member’s debt to anyone, by the grant in the receipt', async () => {
    const hosted = await setup();
    const { village } = hosted;
    const { tx, bytes } = hosted.order('maria', 'anna', '7', 'hub');
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await village.calm();
    const { certificate } = await village.run(village.service('anna').transaction(tx));
    const receipt = new Uint8Array(Buffer.from(certificate!, 'hex'));
    expect(verifyReceipt(receipt, nativeVerify)).toMatchObject({
      ok: true,
      debts: [{ debtor: person('maria').pid, creditor: village.pid('anna'), delta: '7.00' }],
    });
  });

  it('is a statement of the edge that proves itself with the grant, and not without', async () => {
    const hosted = await setup({ edges: { statement_every: 1 } });
    const { village } = hosted;
    expect(await hosted.pay('hub', 'maria', 'anna', '7')).toBe('COMMITTED');
    const { file } = await village.run(
      village.service('anna').statement({ peer: person('maria').pid, equivalent: 'UAH' }),
    );
    const bytes = new Uint8Array(Buffer.from(file, 'hex'));
    expect(verifyStatement(bytes, nativeVerify)).toMatchObject({
      ok: true,
      debt: { debtor: person('maria').pid, amount: '7.00' },
    });
    const { low_grant: _, high_grant: __, ...bare } = readStatement(bytes);
    expect(verifyStatement(encodeStatement(bare), nativeVerify).ok).toBe(false);
  });
});

describe('whatever becomes of the hub', () => {
  it('killed at each message of a payment of its member, it comes to the same outcome as the others', async () => {
    for (const type of [
      'PAYMENT_PREPARE',
      'PAYMENT_PREPARE_ACK',
      'PAYMENT_COMMIT',
      'PAYMENT_COMMIT_ACK',
    ]) {
      const hosted = await setup();
      const { village } = hosted;
      let killed: Promise<void> | undefined;
      village.fate = (passing) => {
        if (killed === undefined && passing.type === type) killed = village.killNow('hub');
        return 'deliver';
      };
      hosted.deliver('hub', 'PAYMENT_REQUEST', hosted.order('nina', 'boris', '9', 'hub').bytes);
      await village.pass(500);
      expect(killed, type).toBeDefined();
      await killed;
      await village.start('hub');
      await village.calm();
      expect(await hosted.faults(), type).toEqual([]);
      expect(hosted.owes('hub', 'maria', 'anna'), type).toBe(hosted.owes('anna', 'maria', 'anna'));
      expect(await hosted.pay('hub', 'nina', 'boris', '1'), type).toBe('COMMITTED');
    }
  });
});
