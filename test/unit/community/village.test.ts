/** The default village shows what its comments promise, in whatever order its payments are made. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { HOPS_DEFAULT, PATHS_DEFAULT } from '../../../protocol/limits.ts';
import { HopGraph } from '../../../protocol/routing/graph.ts';
import { selectRoutes } from '../../../protocol/routing/select.ts';
import type { CommunityPayment } from '../../../simulations/community/community.ts';
import { parseCommunity } from '../../../simulations/community/file.ts';
import { seededRandom } from '../../../simulations/random.ts';
import { LawfulFlow } from './lawful-flow.ts';

const file = new URL('../../../simulations/community/village.yaml', import.meta.url);
const village = parseCommunity(readFileSync(file, 'utf8'), 'village');

function title({ from, to, amount, equivalent, expect: expected }: CommunityPayment): string {
  return `${from} → ${to} ${amount} ${equivalent}: ${expected}`;
}

/** Checks the author's word against the books as they are, and carries the payment out. */
function check(books: LawfulFlow, payment: CommunityPayment): void {
  const routes = books.routes(payment);
  const alone = routes.filter(({ amount }) => amount >= payment.amount);
  if (payment.expect === 'refused') {
    const possible = routes.length === 0 ? 0n : books.maxFlow(payment);
    expect(possible, title(payment)).toBeLessThan(payment.amount);
    return;
  }
  const direct = alone.filter(({ path }) => path.length === 2);
  const found = {
    committed: alone.length > 0,
    multi_hop: alone.length > 0 && direct.length === 0,
    split: alone.length === 0,
  };
  expect(found[payment.expect ?? 'committed'], title(payment)).toBe(true);
  const chosen = books.split(payment);
  expect(chosen, title(payment)).toBeDefined();
  books.apply(payment, chosen ?? []);
}

describe('the village', () => {
  it('has about twenty participants, three equivalents, and a word on each of its payments', () => {
    expect(village.participants).toHaveLength(21);
    expect(village.trustLines).toHaveLength(83);
    expect(village.equivalents.map(({ code, precision }) => [code, precision])).toEqual([
      ['UAH', 2],
      ['HOURS', 1],
      ['BUSHELS', 1],
    ]);
    expect(village.hub).toMatchObject({ id: 'council', ownNodes: ['shop', 'mill', 'petro'] });
    expect(village.ignored).toEqual([]);
    expect(village.payments.filter((payment) => payment.expect === null)).toEqual([]);
    expect(new Set(village.payments.map((payment) => payment.expect)).size).toBe(4);
  });

  it.each(village.payments.map((payment) => [title(payment), payment] as const))('%s', (_, it) => {
    check(new LawfulFlow(village), it);
  });

  it('has routes of five and six hops, and payments that need three routes', () => {
    const books = new LawfulFlow(village);
    const shortest = village.payments.map((payment) => books.routes(payment)[0]?.path.length ?? 0);
    expect(shortest).toEqual(expect.arrayContaining([6, 7]));
    const routes = village.payments.map((payment) => books.split(payment)?.length ?? 0);
    expect(routes).toEqual(expect.arrayContaining([2, 3]));
  });

  it('refuses for capacity, for policy, for the day and for a frozen participant', () => {
    const reasons = village.payments
      .filter((payment) => payment.expect === 'refused')
      .map((payment) => {
        if (payment.from === 'mykola') return 'frozen';
        return payableWithoutPolicies(payment) < payment.amount ? 'capacity' : 'policy';
      });
    expect(reasons.sort()).toEqual(['capacity', 'frozen', 'policy', 'policy', 'policy']);
  });

  it('has circles of debt when all is paid: free to be cleared, agreed to and refused', () => {
    const inWheat = village.trustLines.filter((line) => line.equivalent === 'BUSHELS');
    const debtors = new Map(inWheat.map((line) => [line.from, line]));
    const words = ['taras', 'larysa', 'shop'].map((start) => {
      const asked: string[] = [];
      let at = start;
      do {
        const { to, policy } = debtors.get(at)!;
        const paid = village.payments.find(
          (each) => each.from === to && each.to === at && each.equivalent === 'BUSHELS',
        );
        expect(paid?.amount).toBeGreaterThan(0n);
        if (!policy.auto_clearing) asked.push(at);
        at = to;
      } while (at !== start);
      return asked.map((id) => village.participants.find((each) => each.id === id)?.whenAsked);
    });
    expect(words).toEqual([[], ['agrees'], ['refuses']]);
  });

  it('keeps its promises in the order of the file and in any other', () => {
    const inOrder = new LawfulFlow(village);
    for (const payment of village.payments) check(inOrder, payment);
    for (let seed = 1; seed <= 40; seed++) {
      const books = new LawfulFlow(village);
      for (const payment of seededRandom(seed).shuffled(village.payments)) check(books, payment);
    }
  });
});

describe('the routes that a node would choose', () => {
  it('carry whatever the village says can be paid, in any order', () => {
    const payable = village.payments.filter((payment) => payment.expect !== 'refused');
    for (let seed = 1; seed <= 40; seed++) {
      const books = new LawfulFlow(village);
      for (const payment of seededRandom(seed).shuffled(payable)) {
        const graph = new HopGraph();
        for (const hop of books.hops(payment)) {
          graph.set(hop.from as Pid, hop.to as Pid, hop.capacity);
        }
        const { routes, payable: carried } = selectRoutes(graph, {
          payer: payment.from as Pid,
          payee: payment.to as Pid,
          amount: payment.amount,
          maxHops: HOPS_DEFAULT,
          maxPaths: PATHS_DEFAULT,
          avoid: [],
        });
        expect(carried, title(payment)).toBe(payment.amount);
        expect(routes.length > 1, title(payment)).toBe(payment.expect === 'split');
        books.apply(payment, routes);
      }
    }
  });
});

/** What could be paid if every line were open to everyone. */
function payableWithoutPolicies(payment: CommunityPayment): bigint {
  const policy = {
    auto_clearing: true,
    can_be_intermediate: true,
    daily_limit: null,
    blocked_participants: [],
  };
  const trustLines = village.trustLines.map((line) => ({ ...line, policy }));
  return new LawfulFlow({ ...village, trustLines }).maxFlow(payment);
}
