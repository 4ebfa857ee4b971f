import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { openCommunity } from '../../../simulations/demo/opening.ts';
import { type MadePayment, payAll } from '../../../simulations/demo/paying.ts';
import { waitUntilDecided, withFinalStates } from '../../../simulations/demo/settling.ts';
import { type Answers, fakeRoster, finish, pidOf, statusWith } from './fake-net.ts';

const hamlet = {
  equivalents: [{ code: 'UAH', precision: 2 }],
  participants: [
    { id: 'anna a', name: 'Anna', type: 'person' },
    { id: 'boris', name: 'Boris', type: 'person' },
    { id: 'cyril', name: 'Cyril', type: 'person', status: 'frozen' },
  ],
  trust_lines: [
    { from: 'boris', to: 'anna a', equivalent: 'UAH', limit: '20' },
    {
      from: 'cyril',
      to: 'boris',
      equivalent: 'UAH',
      limit: '7.50',
      policy: { daily_limit: '1.5', blocked_participants: ['anna a'] },
    },
  ],
};

function plan(from: string, to: string, amount: bigint) {
  return { from, to, equivalent: 'UAH' as never, amount };
}

function paid(state: string, path: string[] = []) {
  const routes = path.length === 0 ? [] : [{ path: path.map(pidOf), amount: '1.00' }];
  return { tx_id: 'f00d', state, reason: null, routes };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('opening a community', () => {
  const lineStates = (state: (asked: number) => string): Answers => {
    let asked = 0;
    const line = (direction: string, peer: string) => {
      return {
        direction,
        peer: pidOf(peer),
        equivalent: 'UAH',
        state: state(asked),
        failure: null,
      };
    };
    return {
      addContact: () => ({}),
      defineEquivalent: () => ({}),
      setTrustLine: () => ({}),
      setParticipation: () => ({}),
      trustLines: (node) => {
        asked++;
        if (node === 'anna a') return [line('received', 'boris')];
        if (node === 'cyril') return [line('given', 'boris')];
        return [line('given', 'anna a'), line('received', 'cyril')];
      },
    };
  };

  it('introduces both ends of every line, once, under names that a contact may have', async () => {
    const { roster, progress, callsOf } = fakeRoster(
      hamlet,
      lineStates(() => 'COMMITTED'),
    );
    await finish(openCommunity(roster, progress));
    const met = callsOf('addContact').map(({ node, argument }) => [node, argument]);
    expect(met).toHaveLength(4);
    expect(met).toContainEqual([
      'boris',
      { name: 'anna_a', pid: 'pid-anna a', address: '/dns/anna a' },
    ]);
  });

  it('opens lines from their owners, with the precision of the equivalent and PIDs for ids', async () => {
    const { roster, progress, callsOf } = fakeRoster(
      hamlet,
      lineStates(() => 'COMMITTED'),
    );
    await finish(openCommunity(roster, progress));
    const line = callsOf('setTrustLine').find((call) => call.node === 'cyril');
    expect(line?.argument).toMatchObject({
      peer: pidOf('boris'),
      equivalent: 'UAH',
      limit: '7.50',
      policy: { daily_limit: '1.50', blocked_participants: [pidOf('anna a')] },
    });
  });

  it('freezes the frozen, after their lines are open', async () => {
    const { roster, progress, callsOf } = fakeRoster(
      hamlet,
      lineStates(() => 'COMMITTED'),
    );
    await finish(openCommunity(roster, progress));
    expect(callsOf('setParticipation')).toMatchObject([{ node: 'cyril', argument: 'frozen' }]);
    expect(progress.steps.map((step) => step.name)).toEqual([
      'addresses exchanged',
      'equivalents defined',
      'trust lines opened',
      'lines acknowledged',
      'participants frozen',
    ]);
  });

  it('waits for lines that are not acknowledged yet', async () => {
    const answers = lineStates((asked) => (asked < 9 ? 'PENDING' : 'COMMITTED'));
    const { roster, progress, callsOf } = fakeRoster(hamlet, answers);
    await finish(openCommunity(roster, progress));
    expect(callsOf('trustLines').length).toBeGreaterThanOrEqual(9);
  });

  it('gives up on lines that are never acknowledged, and names one', async () => {
    const { roster, progress } = fakeRoster(
      hamlet,
      lineStates(() => 'PENDING'),
    );
    await expect(finish(openCommunity(roster, progress))).rejects.toMatchObject({
      code: 'E007',
      details: { fault: 'lines_not_acknowledged', count: 4 },
    });
  });

  it('stops at a line that was refused', async () => {
    const { roster, progress } = fakeRoster(
      hamlet,
      lineStates(() => 'FAILED'),
    );
    await expect(finish(openCommunity(roster, progress))).rejects.toMatchObject({
      details: { fault: 'line_refused' },
    });
  });
});

describe('paying', () => {
  it('reports ids, decimal amounts and routes', async () => {
    const { roster, progress, callsOf } = fakeRoster(hamlet, {
      pay: () => paid('COMMITTED', ['anna a', 'boris', 'cyril']),
    });
    const { rows, crash } = await finish(
      payAll(roster, [], [plan('anna a', 'cyril', 125n)], progress),
    );
    expect(rows).toMatchObject([
      {
        tx_id: 'f00d',
        from: 'anna a',
        to: 'cyril',
        amount: '1.25',
        state: 'COMMITTED',
        reason: null,
        routes: [{ path: ['anna a', 'boris', 'cyril'], amount: '1.00' }],
        expect: null,
      },
    ]);
    expect(crash).toBeNull();
    expect(callsOf('pay')[0]?.argument).toMatchObject({ peer: pidOf('cyril'), amount: '1.25' });
  });

  it('asks again with the same nonce when the payer went down, and pays once', async () => {
    const gone = ['daemon_gone', 'daemon_unreachable', 'daemon_unreachable'];
    const { roster, progress, callsOf } = fakeRoster(hamlet, {
      pay: () => {
        const fault = gone.shift();
        if (fault !== undefined) throw new GeoError('E007', 'down', { fault });
        return paid('COMMITTED', ['boris', 'cyril']);
      },
    });
    const { rows } = await finish(payAll(roster, [], [plan('boris', 'cyril', 1n)], progress));
    const nonces = callsOf('pay').map((call) => (call.argument as { nonce: string }).nonce);
    expect(nonces).toHaveLength(4);
    expect(new Set(nonces).size).toBe(1);
    expect(nonces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(rows).toMatchObject([{ state: 'COMMITTED' }]);
  });

  it('has no outcome for a payer that never comes back', async () => {
    const { roster, progress } = fakeRoster(hamlet, {
      pay: () => {
        throw new GeoError('E007', 'down', { fault: 'daemon_unreachable' });
      },
    });
    const { rows } = await finish(payAll(roster, [], [plan('boris', 'cyril', 1n)], progress));
    expect(rows).toMatchObject([{ state: 'NEW', tx_id: null }]);
  });

  it('takes a refusal before there was an order as aborted, with code and fault', async () => {
    const { roster, progress } = fakeRoster(hamlet, {
      pay: () => {
        throw new GeoError('E006', 'You are frozen.', { fault: 'frozen' });
      },
    });
    const { rows } = await finish(payAll(roster, [], [plan('cyril', 'boris', 1n)], progress));
    expect(rows).toMatchObject([
      { state: 'ABORTED', tx_id: null, reason: 'E006 frozen: You are frozen.', routes: [] },
    ]);
  });

  it('kills the busiest carrier once it is busy, in the middle, and starts it again', async () => {
    let asked = 0;
    const { roster, progress, faults } = fakeRoster(hamlet, {
      pay: () => paid('COMMITTED', ['anna a', 'boris', 'cyril']),
      status: () => statusWith({ attempts_live: ++asked < 3 ? 0 : 2 }),
    });
    const plans = Array.from({ length: 20 }, () => plan('anna a', 'cyril', 1n));
    const { rows, crash } = await finish(payAll(roster, [], plans, progress));
    expect(rows).toHaveLength(20);
    expect(faults).toEqual(['kill boris', 'restart boris']);
    expect(crash).toMatchObject({ victim: 'boris', died: ['boris'], attempts: 2 });
  });

  it('keeps the order of the plan, whatever ends first', async () => {
    const { roster, progress } = fakeRoster(hamlet, {
      pay: async (_node, { amount }: { amount: string }) => {
        await new Promise((resolve) => setTimeout(resolve, 1000 - Number(amount) * 100_000));
        return paid('COMMITTED', ['boris', 'cyril']);
      },
      status: () => statusWith({ attempts_live: 1 }),
    });
    const plans = [1n, 2n, 3n].map((amount) => plan('boris', 'cyril', amount));
    const { rows } = await finish(payAll(roster, [], plans, progress));
    expect(rows.map((row) => row.amount)).toEqual(['0.01', '0.02', '0.03']);
  });
});

describe('settling', () => {
  it('ends when every node is quiet, twice in a row', async () => {
    const live = [2, 0, 1];
    const { roster, progress, callsOf } = fakeRoster(hamlet, {
      status: (node) => statusWith({ attempts_live: node === 'boris' ? (live.shift() ?? 0) : 0 }),
    });
    expect(await finish(waitUntilDecided(roster, progress, 'payments'))).toEqual([]);
    expect(callsOf('status')).toHaveLength(3 * 5);
  });

  it('counts doubt as undecided and gives up after its bound', async () => {
    const { roster, progress } = fakeRoster(hamlet, {
      status: (node) => statusWith(node === 'cyril' ? { attempts_in_doubt: 1 } : {}),
    });
    expect(await finish(waitUntilDecided(roster, progress, 'payments'))).toEqual([
      { node: 'cyril', attempts: 1 },
    ]);
  });

  it('asks again only about payments without an outcome', async () => {
    const { roster, callsOf } = fakeRoster(hamlet, {
      transaction: () => ({ ...paid('COMMITTED', ['boris', 'cyril']), kind: 'payment', ms: 77 }),
    });
    const row = (state: string): MadePayment => ({
      ...plan('boris', 'cyril', 1n),
      amount: '0.01',
      tx_id: 'f00d',
      state,
      reason: null,
      routes: [],
      ms: 5,
      expect: null,
    });
    const rows = await withFinalStates(roster, [row('ABORTED'), row('PREPARE_IN_PROGRESS')]);
    expect(rows.map(({ state, ms }) => [state, ms])).toEqual([
      ['ABORTED', 5],
      ['COMMITTED', 77],
    ]);
    expect(callsOf('transaction')).toMatchObject([{ node: 'boris', argument: 'f00d' }]);
  });
});
