/** What a hub's index makes of its own books and of what others report. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommunityIndex } from '../../../node/hub/community-index.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import {
  changeFor,
  type Edge,
  edgeId,
  holdChange,
  newEdge,
  withLine,
} from '../../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { parseEquivalentCode } from '../../../protocol/money/equivalent.ts';
import { SEARCH_DEFAULTS } from '../../../protocol/routing/question.ts';
import type { ReportedEdge } from '../../../protocol/wire/messages/report.ts';
import { person, UAH } from '../machines/sample-payment.ts';

const [ANNA, BORIS, CYRIL, DORA] = ['anna', 'boris', 'cyril', 'dora'].map(
  (name) => person(name).pid,
) as [Pid, Pid, Pid, Pid];
const NOW = 1_800_000_000_000;

const emptyIndex = (barred: readonly Pid[] = [], isOver = () => false) =>
  new CommunityIndex({
    search: SEARCH_DEFAULTS,
    timeLimit: () => isOver,
    trust: { report_fresh_ms: 10_000, report_life_ms: 30_000 },
    precisionOf: (equivalent) => (equivalent === UAH ? 2 : undefined),
    isBarred: (pid) => barred.includes(pid),
  });

/** An own edge: `creditor` lets `debtor` owe up to `limit`. */
function edge(debtor: Pid, creditor: Pid, limit: bigint, policy = DEFAULT_POLICY): Edge {
  const line = { limit, status: 'active' as const, policy, sequence: 1, changed: NOW };
  return withLine(newEdge(edgeId(debtor, creditor, UAH), 2), creditor, line);
}

/** The same as somebody reports it. */
function reported(debtor: Pid, creditor: Pid, free: bigint, balance = 0n): ReportedEdge {
  const id = edgeId(debtor, creditor, UAH);
  const up = id.high === debtor;
  return {
    ...id,
    precision: 2,
    balance,
    up: up ? free : 0n,
    down: up ? 0n : free,
    low_carries: true,
    high_carries: true,
  };
}

const tellerOf = (who: Pid, { low }: ReportedEdge) => (who === low ? 'low' : 'high');

function report(index: CommunityIndex, who: Pid, about: ReportedEdge, at = NOW): void {
  index.learn(about, tellerOf(who, about), at);
}

function keep(index: CommunityIndex, edges: readonly Edge[], now = NOW): void {
  for (const each of edges) index.keep(each, now);
}

const ask = (index: CommunityIndex, payer: Pid, payee: Pid, amount: bigint, more = {}) =>
  index.find({
    payer,
    payee,
    equivalent: UAH,
    amount,
    max_hops: 6,
    max_paths: 3,
    avoid: [],
    ...more,
  });

describe('a community index', () => {
  it('leads over own edges and reported ones alike', () => {
    const index = emptyIndex();
    keep(index, [edge(ANNA, BORIS, 100n)], NOW);
    report(index, CYRIL, reported(BORIS, CYRIL, 60n));
    expect(ask(index, ANNA, CYRIL, 50n)).toEqual({
      routes: [{ path: [ANNA, BORIS, CYRIL], amount: 50n }],
      payable: 50n,
    });
  });

  it('counts the smaller capacity where both ends report, and says so', () => {
    const index = emptyIndex();
    report(index, ANNA, reported(ANNA, BORIS, 100n));
    report(index, BORIS, reported(ANNA, BORIS, 40n));
    expect(ask(index, ANNA, BORIS, 100n)).toMatchObject({
      payable: 40n,
      refusal: { code: 'E002', fault: 'insufficient_capacity' },
    });
    expect(index.sizes()).toMatchObject([{ participants: 2, edges: 1, differing: 1 }]);
    report(index, ANNA, reported(ANNA, BORIS, 40n), NOW + 1);
    expect(index.sizes()).toMatchObject([{ differing: 0 }]);
    report(index, BORIS, reported(ANNA, BORIS, 40n, 7n), NOW + 2);
    expect(index.sizes()).toMatchObject([{ differing: 1 }]);
    const since = (before: number) => [...index.differing(before)].length;
    expect([since(NOW + 2), since(NOW + 3)]).toEqual([0, 1]);
  });

  it('leads less over an edge the longer it has not been reported, and nothing in the end', () => {
    const index = emptyIndex();
    report(index, BORIS, reported(ANNA, BORIS, 100n, 5n));
    const payableAt = (now: number) => {
      index.age(now);
      return ask(index, ANNA, BORIS, 100n)?.payable;
    };
    expect(payableAt(NOW + 10_000)).toBe(100n);
    expect(index.sizes()).toMatchObject([{ stale: 0 }]);
    expect(payableAt(NOW + 15_000)).toBe(75n);
    expect(index.sizes()).toMatchObject([{ stale: 1 }]);
    expect(payableAt(NOW + 30_000)).toBe(0n);
    report(index, BORIS, reported(ANNA, BORIS, 90n, 15n), NOW + 30_000);
    expect(payableAt(NOW + 31_000)).toBe(90n);
    expect(index.sizes()).toMatchObject([{ stale: 0 }]);
  });

  it('believes its own book before any report', () => {
    const index = emptyIndex();
    keep(index, [edge(ANNA, BORIS, 10n)], NOW);
    report(index, BORIS, reported(ANNA, BORIS, 1_000_000n), NOW + 1);
    expect(ask(index, ANNA, BORIS, 100n)?.payable).toBe(10n);
  });

  it('knows what is held', () => {
    const index = emptyIndex();
    const held = holdChange(
      edge(ANNA, BORIS, 100n),
      changeFor(edgeId(ANNA, BORIS, UAH), ANNA, 70n),
    );
    keep(index, [held], NOW);
    expect(ask(index, ANNA, BORIS, 100n)?.payable).toBe(30n);
  });

  it('follows what becomes of an edge: debts, frozen lines, disputes', () => {
    const index = emptyIndex();
    const open = edge(ANNA, BORIS, 100n);
    const owing = { ...open, balance: changeFor(open, ANNA, 95n) };
    keep(index, [owing]);
    expect(ask(index, ANNA, BORIS, 6n)?.payable).toBe(5n);
    expect(ask(index, BORIS, ANNA, 95n)?.payable).toBe(95n);
    const line = { limit: 100n, status: 'frozen' as const, policy: DEFAULT_POLICY };
    keep(index, [withLine(open, BORIS, { ...line, sequence: 2, changed: NOW })]);
    expect(ask(index, ANNA, BORIS, 10n)?.payable).toBe(0n);
    keep(index, [{ ...open, dispute: 'the books differ' }]);
    expect(ask(index, ANNA, BORIS, 10n)?.payable).toBe(0n);
  });

  it('forgets what has not been reported for long, and nothing else', () => {
    const index = emptyIndex();
    keep(index, [edge(ANNA, BORIS, 100n)], NOW - 1_000_000);
    report(index, CYRIL, reported(BORIS, CYRIL, 60n), NOW - 1_000);
    report(index, DORA, reported(BORIS, DORA, 60n), NOW);
    expect(index.forgetBefore(NOW)).toBe(1);
    expect(ask(index, ANNA, CYRIL, 10n)).toBeUndefined();
    expect(ask(index, ANNA, DORA, 10n)?.payable).toBe(10n);
  });

  it('does not grow by names that were made up and forgotten', () => {
    const index = emptyIndex();
    const sizeAfter = (round: number) => {
      for (let i = 0; i < 50; i++) {
        const about = reported(ANNA, person(`made up ${round} ${i}`).pid, 10n);
        report(index, ANNA, about, NOW + round);
      }
      expect(index.toldBy(ANNA)).toBe(50);
      const [size] = index.sizes();
      expect(index.forgetBefore(NOW + round + 1)).toBe(50);
      expect(index.toldBy(ANNA)).toBe(0);
      expect(index.sizes()).toMatchObject([{ participants: 0, edges: 0 }]);
      return size;
    };
    const first = sizeAfter(0);
    for (let round = 1; round < 5; round++) expect(sizeAfter(round)).toEqual(first);
    report(index, BORIS, reported(ANNA, BORIS, 7n));
    expect(ask(index, ANNA, BORIS, 7n)?.payable).toBe(7n);
    expect(ask(index, ANNA, CYRIL, 7n)).toBeUndefined();
  });

  it('counts no edge in an equivalent that its node has not defined, or has otherwise', () => {
    const index = emptyIndex();
    const about = reported(ANNA, BORIS, 10n);
    expect(index.counts(about)).toBe(true);
    expect(index.counts({ ...about, equivalent: parseEquivalentCode('MADEUP') })).toBe(false);
    expect(index.counts({ ...about, precision: 3 })).toBe(false);
  });

  it('leads nothing through who is barred, or does not carry for others', () => {
    const barred = emptyIndex([BORIS]);
    for (const index of [barred, emptyIndex()]) {
      keep(index, [edge(ANNA, BORIS, 100n)], NOW);
      report(index, CYRIL, reported(BORIS, CYRIL, 100n));
    }
    expect(ask(barred, ANNA, CYRIL, 10n)?.payable).toBe(0n);
    const unwilling = emptyIndex();
    const policy = { ...DEFAULT_POLICY, can_be_intermediate: false };
    keep(unwilling, [edge(ANNA, BORIS, 100n, policy), edge(BORIS, CYRIL, 100n)], NOW);
    expect(ask(unwilling, ANNA, CYRIL, 10n)?.payable).toBe(0n);
    expect(ask(unwilling, ANNA, BORIS, 10n)?.payable).toBe(10n);
  });

  it('leads no one into a line that is closed to him, and no one over a hop that was just refused', () => {
    const index = emptyIndex();
    const policy = { ...DEFAULT_POLICY, blocked_participants: [ANNA] };
    keep(index, [
      edge(ANNA, BORIS, 100n),
      edge(DORA, BORIS, 100n),
      edge(BORIS, CYRIL, 100n, policy),
    ]);
    expect(ask(index, ANNA, CYRIL, 10n)?.payable).toBe(0n);
    expect(ask(index, DORA, CYRIL, 10n)?.payable).toBe(10n);
    const question = { payer: DORA, payee: CYRIL, equivalent: UAH, amount: 10n };
    const bounds = { max_hops: 6, max_paths: 3, avoid: [] };
    expect(index.find({ ...question, ...bounds }, [[DORA, BORIS]])?.payable).toBe(0n);
  });

  it('ends a search whose time is over, and says that it does not know', () => {
    const index = emptyIndex([], () => true);
    keep(index, [edge(ANNA, BORIS, 100n), edge(BORIS, CYRIL, 50n)], NOW);
    expect(ask(index, ANNA, CYRIL, 80n)).toMatchObject({
      refusal: { code: 'E007', fault: 'search_unfinished' },
    });
  });

  it('says nothing of participants and equivalents that it does not know', () => {
    const index = emptyIndex();
    expect(ask(index, ANNA, BORIS, 10n)).toBeUndefined();
    keep(index, [edge(ANNA, BORIS, 100n)], NOW);
    expect(ask(index, ANNA, CYRIL, 10n)).toBeUndefined();
  });

  it('takes reports of more than can be owed, and leads nothing over them', () => {
    const index = emptyIndex();
    const most = 2n ** 63n - 1n;
    report(index, ANNA, { ...reported(ANNA, BORIS, most, -most), up: most, down: most });
    keep(index, [edge(BORIS, CYRIL, 100n)], NOW);
    expect(ask(index, ANNA, CYRIL, 1_000n)?.payable).toBe(0n);
  });

  it('is the same however its edges came to be what they are', () => {
    const people = [ANNA, BORIS, CYRIL, DORA];
    const step = fc.record({
      pair: fc.constantFrom(
        ...people.flatMap((a, i) => people.slice(i + 1).map((b) => [a, b] as const)),
      ),
      teller: fc.constantFrom('low' as const, 'high' as const),
      free: fc.bigInt({ min: 0n, max: 50n }),
      balance: fc.bigInt({ min: -50n, max: 50n }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const grown = emptyIndex();
        const last = new Map<string, () => void>();
        const rebuilt = emptyIndex();
        for (const [i, { pair, teller, free, balance }] of steps.entries()) {
          const about = { ...reported(pair[0], pair[1], free, balance), up: free, down: free };
          grown.learn(about, teller, NOW + i);
          last.set(`${pair.join()}${teller}`, () => rebuilt.learn(about, teller, NOW + i));
        }
        for (const tell of last.values()) tell();
        for (const payer of people) {
          for (const payee of people) {
            if (payer === payee) continue;
            expect(ask(grown, payer, payee, 40n)?.payable).toBe(
              ask(rebuilt, payer, payee, 40n)?.payable,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
