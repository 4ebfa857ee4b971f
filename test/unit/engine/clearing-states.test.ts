/**
 * Every state of a clearing (`NEW → PROPOSED → WAITING_CONFIRMATIONS → COMMITTED | REJECTED`, and `NEW → COMMITTED |
 * REJECTED`) where people and programs look: `geo tx`, the history, and events. And what happens to a clearing between
 * its search and its votes.
 */
import { describe, expect, it } from 'vitest';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const THREE = ['anna', 'boris', 'cyril'];
const RING = ['boris>anna 100', 'cyril>boris 100', 'anna>cyril 100'];
const FIRST = 'oldest';

/** Anna owes Boris 30, Boris owes Cyril 20, Cyril owes Anna 10; Cyril may want to be asked. */
async function indebted({ asks = false } = {}): Promise<Village> {
  const settings = { clearing: { consent_ms: 5_000 } };
  const village = await Village.open({ people: THREE, lines: RING, acquainted: true, settings });
  if (asks) await village.trust('cyril>boris 100', { auto_clearing: false });
  for (const [debtor, creditor, amount] of [
    ['anna', 'boris', '30'],
    ['boris', 'cyril', '20'],
    ['cyril', 'anna', '10'],
  ] as const) {
    await village.pay(debtor, creditor, amount, { max_hops: 1 });
  }
  await village.calm();
  return village;
}

/** Begins; time goes on when the village does. */
function begin(village: Village, amount: string, by = 'anna') {
  const cycle = THREE.map((name) => (name === by ? 'me' : village.pid(name)));
  return village.service(by).clearCycle({ equivalent: 'UAH', cycle, amount });
}

const clear = (village: Village, amount: string, by?: string) =>
  village.run(begin(village, amount, by));

const answer = (village: Village, tx: string, accept: boolean) =>
  village.run(village.service('cyril').answerClearing({ tx_id: tx, accept }));

const debts = (village: Village) => [
  village.owes('anna', 'boris'),
  village.owes('boris', 'cyril'),
  village.owes('cyril', 'anna'),
];

/** The states of a clearing as programs were told of them, oldest first. */
async function told(village: Village, name: string): Promise<string[]> {
  const topics = 'clearing.proposed,clearing.state,clearing.done';
  const page = await village.run(village.service(name).events({ after: FIRST, topics }));
  return page.events.map(({ topic, state }) => `${topic.split('.')[1]} ${state}`);
}

const stateAt = async (village: Village, name: string, tx: string) =>
  (await village.service(name).transaction(tx)).state;

async function historyOf(village: Village, name: string, tx: string): Promise<string[]> {
  const rows = await village.service(name).history({ limit: 50, type: 'clearing' });
  return rows.filter(({ tx_id }) => tx_id === tx).map(({ text }) => text);
}

/** Holds back what Anna hears of votes until it is let go. */
function withoutVotes(village: Village): () => void {
  village.fate = ({ type }) => (type === 'CLEARING_PREPARE_ACK' ? 400 : 'deliver');
  return () => {
    village.fate = () => 'deliver';
  };
}

describe('the states of a clearing', () => {
  it('that nobody has to be asked about: NEW, COMMITTED', async () => {
    const village = await indebted();
    const letGo = withoutVotes(village);
    const work = begin(village, '10');
    await village.pass(200);
    const query = { after: FIRST, topics: 'clearing.state' };
    const { events } = await village.run(village.service('boris').events(query));
    const tx = events[0]!.tx_id!;
    for (const name of THREE) expect(await stateAt(village, name, tx)).toBe('NEW');
    letGo();
    expect(await village.run(work)).toMatchObject({ state: 'COMMITTED' });
    await village.calm();
    for (const name of THREE) {
      expect(await stateAt(village, name, tx)).toBe('COMMITTED');
      expect(await told(village, name)).toEqual(['state NEW', 'done COMMITTED']);
      expect(await historyOf(village, name, tx)).toEqual([
        'debts of a cycle of 3 were lowered by this much',
      ]);
    }
  });

  it('that the votes refuse: NEW, REJECTED', async () => {
    const village = await indebted();
    await village.pay('boris', 'anna', '30', { max_hops: 1 });
    await village.calm();
    const { tx_id: tx } = await clear(village, '10');
    await village.calm();
    expect(await stateAt(village, 'anna', tx)).toBe('REJECTED');
    expect(await told(village, 'anna')).toEqual(['state NEW', 'done REJECTED']);
    expect(await historyOf(village, 'anna', tx)).toHaveLength(1);
  });

  it('that somebody agrees to: PROPOSED, WAITING_CONFIRMATIONS, COMMITTED', async () => {
    const village = await indebted({ asks: true });
    // Who has an edge with Cyril knows that he wants to be asked.
    const { tx_id: tx } = await clear(village, '10', 'boris');
    await village.pass(100);
    for (const name of ['boris', 'cyril']) {
      expect(await stateAt(village, name, tx)).toBe('PROPOSED');
    }
    const letGo = withoutVotes(village);
    await answer(village, tx, true);
    await village.pass(200);
    for (const name of ['boris', 'cyril']) {
      expect(await stateAt(village, name, tx)).toBe('WAITING_CONFIRMATIONS');
    }
    letGo();
    await village.pass(2_000);
    await village.calm();
    const states = ['proposed PROPOSED', 'state WAITING_CONFIRMATIONS', 'done COMMITTED'];
    for (const name of ['boris', 'cyril']) {
      expect(await stateAt(village, name, tx)).toBe('COMMITTED');
      expect(await told(village, name)).toEqual(states);
      expect(await historyOf(village, name, tx)).toContain(
        'debts of a cycle of 3 were lowered by this much',
      );
    }
    expect(await historyOf(village, 'cyril', tx)).toContain(
      'a cycle of 3 could be cleared; you want to be asked first',
    );
  });

  it.each([
    ['that somebody does not agree to', false],
    ['that nobody answers', undefined],
  ])('%s: PROPOSED, REJECTED', async (_, accept) => {
    const village = await indebted({ asks: true });
    // Who has an edge with Cyril knows that he wants to be asked.
    const { tx_id: tx } = await clear(village, '10', 'boris');
    await village.pass(100);
    if (accept === undefined) await village.pass(6_000);
    else await answer(village, tx, accept);
    await village.calm();
    for (const name of ['boris', 'cyril']) {
      expect(await stateAt(village, name, tx)).toBe('REJECTED');
      expect(await told(village, name)).toEqual(['proposed PROPOSED', 'done REJECTED']);
    }
    expect(debts(village)).toEqual([30, 20, 10]);
  });
});

describe('between the search and the votes', () => {
  it('a debt shrinks, and less is cleared; it grows, and no more is', async () => {
    const village = await indebted();
    await village.pay('anna', 'cyril', '4', { max_hops: 1 });
    await village.calm();
    expect(await clear(village, '10')).toMatchObject({ amount: '10.00', cleared: '6.00' });
    await village.pay('cyril', 'anna', '50', { max_hops: 1 });
    await village.calm();
    expect(await clear(village, '3')).toMatchObject({ cleared: '3.00' });
    await village.calm();
    expect(await faultsOf(village)).toEqual([]);
  });

  it('somebody refuses at the last moment, when others have voted YES', async () => {
    const village = await indebted();
    village.fate = ({ type, to }) =>
      type === 'CLEARING_PREPARE' && to === 'cyril' ? 400 : 'deliver';
    const work = begin(village, '10');
    await village.pass(100);
    await village.trust('cyril>boris 100', { auto_clearing: false });
    expect(await village.run(work)).toMatchObject({
      state: 'PROPOSED',
      waits_for: [village.pid('cyril')],
    });
    await village.pass(100);
    const tx = village.service('cyril').pendingClearings()[0]!.tx_id;
    await answer(village, tx, false);
    await village.calm();
    expect(await stateAt(village, 'anna', tx)).toBe('REJECTED');
    expect(debts(village)).toEqual([30, 20, 10]);
    expect(await faultsOf(village)).toEqual([]);
  });
});
