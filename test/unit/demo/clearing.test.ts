import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clearCircles, totalDebts } from '../../../simulations/demo/clearing.ts';
import { type Answers, fakeRoster, finish, pidOf } from './fake-net.ts';

const ring = ['anna', 'boris', 'cyril'];
const hamlet = {
  equivalents: [{ code: 'UAH', precision: 2 }],
  participants: [{ id: 'anna' }, { id: 'boris' }, { id: 'cyril', when_asked: 'refuses' }],
  trust_lines: [],
};
const withHub = { ...hamlet, hub: { id: 'council', own_nodes: ring } };

function clearing(tx: string, state: string, waits: string[] = [], more: object = {}) {
  return {
    kind: 'clearing',
    tx_id: tx,
    equivalent: 'UAH',
    cycle: ring.map(pidOf),
    amount: '3.00',
    cleared: state === 'COMMITTED' ? '2.00' : null,
    state,
    waits_for: waits.map(pidOf),
    reason: null,
    ...more,
  };
}

const found = (each: object) => ({ cycle: [], equivalent: 'UAH', amount: '3.00', clearing: each });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('clearing circles', () => {
  const books: Answers['books'] = (node) =>
    node === 'anna' ? [{ peer: pidOf('boris'), equivalent: 'UAH', balance: '-3.00' }] : [];

  it('has the hub find them, and asks whoever wants to be asked, once and by the file', async () => {
    const words = new Map<string, boolean>();
    let rounds = 0;
    const { roster, progress, callsOf } = fakeRoster(withHub, {
      books,
      clearNow: () => [
        found(clearing('aa', 'COMMITTED')),
        found(clearing('bb', 'PROPOSED', ['boris'])),
        found(clearing('cc', 'PROPOSED', ['cyril'])),
      ],
      // The question needs a while to arrive.
      pendingClearings: () => (++rounds < 4 ? [] : [{ tx_id: 'bb' }, { tx_id: 'cc' }]),
      answerClearing: (_node, { tx_id, accept }: { tx_id: string; accept: boolean }) => {
        words.set(tx_id, accept);
      },
      transaction: (_node, tx: string) => {
        const word = words.get(tx);
        if (word === undefined) return clearing(tx, 'PROPOSED', [tx === 'bb' ? 'boris' : 'cyril']);
        if (word) return clearing(tx, 'COMMITTED');
        const reason = { code: 'E006', details: { fault: 'consent_refused' }, message: 'No.' };
        return clearing(tx, 'REJECTED', [], { reason });
      },
    });
    const { rows, before } = await finish(clearCircles(roster, progress));
    expect(before).toEqual([{ node: 'anna', peer: 'boris', equivalent: 'UAH', balance: '-3.00' }]);
    const shared = { equivalent: 'UAH', cycle: ring };
    expect(rows).toEqual([
      { ...shared, tx_id: 'aa', state: 'COMMITTED', amount: '2.00', reason: null, answers: [] },
      {
        ...shared,
        tx_id: 'bb',
        state: 'COMMITTED',
        amount: '2.00',
        reason: null,
        answers: [{ participant: 'boris', agrees: true }],
      },
      {
        ...shared,
        tx_id: 'cc',
        state: 'REJECTED',
        amount: '3.00',
        reason: 'E006 consent_refused: No.',
        answers: [{ participant: 'cyril', agrees: false }],
      },
    ]);
    expect(callsOf('clearNow').map((call) => call.node)).toEqual(['council']);
    const answered = callsOf('answerClearing').map((call) => call.node);
    expect(answered.toSorted()).toEqual(['boris', 'cyril']);
  });

  it('without a hub lets everyone look, one after the other, and begins no search too late', async () => {
    let searching = 0;
    const { roster, progress, callsOf } = fakeRoster(hamlet, {
      books,
      clearNow: async () => {
        expect(++searching).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        searching--;
        return [];
      },
    });
    expect((await finish(clearCircles(roster, progress))).rows).toEqual([]);
    expect(callsOf('clearNow').map((call) => call.node)).toEqual(['anna', 'boris']);
  });

  it('gives up on an answer that never comes, and leaves the state to the auditor', async () => {
    const { roster, progress, callsOf } = fakeRoster(withHub, {
      books,
      clearNow: () => [found(clearing('bb', 'PROPOSED', ['boris']))],
      pendingClearings: () => [],
      transaction: () => clearing('bb', 'PROPOSED', ['boris']),
    });
    const { rows } = await finish(clearCircles(roster, progress));
    expect(rows).toMatchObject([{ state: 'PROPOSED', answers: [] }]);
    expect(callsOf('answerClearing')).toEqual([]);
  });
});

describe('the total of debts', () => {
  it('counts each debt once, by equivalent', () => {
    const row = (node: string, equivalent: string, balance: string) => {
      return { node, peer: 'x', equivalent, balance };
    };
    const balances = [
      row('anna', 'UAH', '-3.00'),
      row('boris', 'UAH', '3.00'),
      row('boris', 'UAH', '0.50'),
      row('cyril', 'UAH', '-0.50'),
      row('anna', 'H', '2'),
    ];
    const equivalents = [
      { code: 'UAH', precision: 2 },
      { code: 'H', precision: 0 },
    ];
    expect([...totalDebts(balances, equivalents)]).toEqual([
      ['UAH', 350n],
      ['H', 2n],
    ]);
  });
});
