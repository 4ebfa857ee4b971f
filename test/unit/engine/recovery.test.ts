/** When someone disappears (docs/PROTOCOL.md): who is left decides, and who comes back agrees. */
import { describe, expect, it } from 'vitest';
import type { MessageName } from '../../../protocol/wire/message-types.ts';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora'];
const LINES = ['boris>anna 100', 'cyril>boris 100', 'dora>cyril 100'];
const open = async () => {
  const village = await Village.open({ people: PEOPLE, lines: LINES });
  await village.learnRoutes('anna', 'dora', '5');
  village.sent.length = 0;
  return village;
};

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

const held = (village: Village, name: string, peer: string) =>
  Number(village.book(name, peer).held);

/** Holds of everyone who is up. */
const holds = (village: Village, names: readonly string[]) =>
  names.reduce(
    (sum, name) =>
      sum +
      village
        .service(name)
        .books()
        .reduce((all, row) => all + Number(row.held), 0),
    0,
  );

describe('the coordinator is gone', () => {
  it('before anyone has its PREPARE: nobody knows of it', async () => {
    const village = await open();
    village.fate = ({ type }) => (type === 'PAYMENT_PREPARE' ? 'drop' : 'deliver');
    void village.begin('anna', 'dora', '5');
    await village.pass(20);
    await village.kill('anna');
    await village.pass(30_000);
    expect(holds(village, ['boris', 'cyril', 'dora'])).toBe(0);
    village.fate = () => 'deliver';
    await village.start('anna');
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(0);
  });

  it('while the others are in doubt: they withdraw together, and it agrees when it is back', async () => {
    const village = await open();
    village.fate = ({ type }) => (type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver');
    void village.begin('anna', 'dora', '5');
    await village.pass(20);
    expect(held(village, 'boris', 'cyril')).toBe(5);
    await village.kill('anna');
    const others = ['boris', 'cyril', 'dora'];
    expect(await village.clock.until(() => holds(village, others) === 0, 60_000)).toBe(true);
    village.fate = () => 'deliver';
    await village.start('anna');
    expect(held(village, 'anna', 'boris')).toBe(5);
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(0);
    expect(village.owes('cyril', 'dora')).toBe(0);
  });

  it('when one voter has its COMMIT: that one tells the others, and the payment stands', async () => {
    const village = await open();
    village.fate = ({ type, from, to }) =>
      type === 'PAYMENT_COMMIT' && from === 'anna' && to !== 'cyril' ? 'drop' : 'deliver';
    void village.begin('anna', 'dora', '5');
    await village.pass(20);
    await village.kill('anna');
    const others = ['boris', 'cyril', 'dora'];
    expect(await village.clock.until(() => holds(village, others) === 0, 60_000)).toBe(true);
    expect(village.owes('boris', 'cyril')).toBe(5);
    village.fate = () => 'deliver';
    await village.start('anna');
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(5);
  });

  it('for ever: what it coordinated is decided among the others', async () => {
    const village = await open();
    village.fate = ({ type }) => (type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver');
    void village.begin('anna', 'dora', '5');
    await village.pass(20);
    await village.kill('anna');
    await village.pass(120_000);
    const others = ['boris', 'cyril', 'dora'];
    expect(holds(village, others)).toBe(0);
    for (const name of others) {
      expect(village.service(name).status()).toMatchObject({ attempts_live: 0 });
    }
  });
});

describe('a voter is gone', () => {
  it('before its vote: the coordinator aborts when the time is over', async () => {
    const village = await open();
    await village.kill('cyril');
    const refused = await village.pay('anna', 'dora', '5');
    expect(refused).toMatchObject({ state: 'ABORTED' });
    await village.start('cyril');
    await expectSound(village);
    expect(holds(village, PEOPLE)).toBe(0);
  });

  it('after its YES: the others commit without it, and it follows when it is back', async () => {
    const village = await open();
    let voted = false;
    village.fate = ({ from, type }) => {
      if (from === 'cyril' && type === 'PAYMENT_PREPARE_ACK') voted = true;
      return 'deliver';
    };
    const paying = village.begin('anna', 'dora', '5');
    await village.clock.until(() => voted, 1_000);
    await village.kill('cyril');
    expect(await village.run(paying)).toMatchObject({ state: 'COMMITTED' });
    expect(village.owes('anna', 'boris')).toBe(5);
    await village.pass(30_000);
    await village.start('cyril');
    await expectSound(village);
    expect(village.owes('cyril', 'dora')).toBe(5);
  });
});

describe('messages are lost', () => {
  const repeated: readonly MessageName[] = [
    'PAYMENT_COMMIT',
    'PAYMENT_COMMIT_ACK',
    'STATUS_QUERY',
    'STATUS_REPLY',
  ];

  it.each(repeated)('%s, the first five of them: the payment stands', async (type) => {
    const village = await open();
    let lost = 0;
    village.fate = (passing) => (passing.type === type && ++lost <= 5 ? 'drop' : 'deliver');
    await village.pay('anna', 'dora', '5');
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(village.owes('cyril', 'dora'));
  });

  it('half of all for ten minutes: everything is decided once it ends', async () => {
    const village = await open();
    let counter = 0;
    village.fate = () => ((counter++ * 7) % 10 < 5 ? 'drop' : 'deliver');
    const paying = Array.from({ length: 5 }, () => village.begin('anna', 'dora', '3'));
    await village.pass(600_000);
    village.fate = () => 'deliver';
    await village.run(Promise.all(paying));
    await expectSound(village);
  });
});
