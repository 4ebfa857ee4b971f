/** Answers to route questions: what they may contain, and that they are as good as can be told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { AMOUNT_MAX } from '../../../protocol/limits.ts';
import type { CompactGraph } from '../../../protocol/routing/compact-graph.ts';
import type { RouteAnswer, RouteQuestion } from '../../../protocol/routing/question.ts';
import { SEARCH_DEFAULTS } from '../../../protocol/routing/question.ts';
import { RouteSearch } from '../../../protocol/routing/search.ts';
import {
  capacityOf,
  carriesOf,
  everyPath,
  graphOf,
  NODES,
  PAYEE,
  PAYER,
  type PlainLine,
  plainLines,
  smallestCut,
  widthOf,
} from './oracle.ts';

function ask(change: Partial<RouteQuestion> = {}): RouteQuestion {
  return { payer: PAYER, payee: PAYEE, amount: 10n, maxHops: 6, maxPaths: 3, ...change };
}

function line(from: number, to: number, limit: bigint, debt = 0n): PlainLine {
  return { from, to, limit, debt, carries: true };
}

function find(lines: readonly PlainLine[], change: Partial<RouteQuestion> = {}): RouteAnswer {
  return new RouteSearch(graphOf(lines)).find(ask(change));
}

/** Everything that makes routes allowed, from the lines alone. */
function expectAllowed(
  { routes, payable, refusal }: RouteAnswer,
  question: RouteQuestion,
  capacity: (from: number, to: number) => bigint,
): void {
  expect(routes.length).toBeLessThanOrEqual(question.maxPaths);
  expect(routes.reduce((sum, { amount }) => sum + amount, 0n)).toBe(payable);
  expect(payable <= question.amount).toBe(true);
  expect(refusal === undefined).toBe(payable === question.amount);
  const used = new Map<string, bigint>();
  for (const { path, amount } of routes) {
    expect(amount > 0n).toBe(true);
    expect([path[0], path.at(-1)]).toEqual([question.payer, question.payee]);
    expect(new Set(path).size).toBe(path.length);
    expect(path.length - 1).toBeLessThanOrEqual(question.maxHops);
    for (let i = 1; i < path.length; i++) {
      const hop = `${path[i - 1]}>${path[i]}`;
      const sum = (used.get(hop) ?? 0n) + amount;
      used.set(hop, sum);
      expect(sum <= capacity(path[i - 1]!, path[i]!)).toBe(true);
    }
  }
}

const questions = fc.record({
  amount: fc.bigInt({ min: 1n, max: 50n }),
  maxHops: fc.integer({ min: 1, max: 6 }),
  maxPaths: fc.integer({ min: 1, max: 4 }),
});

describe('an answer', () => {
  it('is allowed by lines and question, and leaves the graph as it was', () => {
    fc.assert(
      fc.property(plainLines, questions, (lines, change) => {
        const graph = graphOf(lines);
        const before = carriesOf(graph);
        const question = ask(change);
        const answer = new RouteSearch(graph).find(question);
        expectAllowed(answer, question, (from, to) => capacityOf(lines, from, to));
        expect(carriesOf(graph)).toEqual(before);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is one route whenever one carries the amount, and never less than the widest', () => {
    fc.assert(
      fc.property(plainLines, questions, (lines, change) => {
        const widths = everyPath(lines, change.maxHops).map((path) => widthOf(lines, path));
        const widest = widths.reduce((most, width) => (width > most ? width : most), 0n);
        const { routes, payable } = find(lines, change);
        if (widest >= change.amount) expect(routes).toHaveLength(1);
        else expect(payable >= widest).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('says impossible exactly where a cut forbids it, and names such a cut', () => {
    fc.assert(
      fc.property(plainLines, questions, (lines, change) => {
        const { refusal } = find(lines, change);
        const cut = smallestCut(lines);
        expect(refusal?.kind === 'impossible').toBe(cut < change.amount);
        if (refusal?.kind !== 'impossible') return;
        expect(refusal.ceiling >= cut && refusal.ceiling < change.amount).toBe(true);
        const named = new Set(refusal.binding.map((hop) => `${hop.debtor}>${hop.creditor}`));
        const rest = lines.map((each) => ({ ...each, carries: true }));
        const left = new RouteSearch(graphOf(rest)).find(
          ask({
            amount: 1n,
            maxHops: 10,
            shut: [...named, ...uncarried(lines)].map(
              (hop) => hop.split('>').map(Number) as [number, number],
            ),
          }),
        );
        expect(left.payable).toBe(0n);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for the same question', () => {
    fc.assert(
      fc.property(plainLines, questions, (lines, change) => {
        const search = new RouteSearch(graphOf(lines));
        expect(search.find(ask(change))).toEqual(search.find(ask(change)));
      }),
    );
  });
});

/** Hops that carry nothing for others. */
function uncarried(lines: readonly PlainLine[]): string[] {
  return lines.filter((each) => !each.carries && each.to !== PAYEE).map((l) => `${l.from}>${l.to}`);
}

describe('several routes', () => {
  it('make way for one another: a place that only one of them can pass is left to it', () => {
    // Whoever takes 0-1-3 first, leaves nothing to 2, which can only go on to 3.
    const lines = [
      line(0, 1, 10n),
      line(0, 2, 10n),
      line(1, 3, 10n),
      line(2, 3, 10n),
      line(3, 6, 10n),
      line(1, 4, 10n),
      line(4, 5, 10n),
      line(5, 6, 10n),
    ];
    const { routes, payable } = find(lines, { amount: 20n, maxHops: 4 });
    expect(payable).toBe(20n);
    expect(routes.map(({ path }) => path)).toContainEqual([0, 2, 3, 6]);
    expect(routes.map(({ path }) => path)).toContainEqual([0, 1, 4, 5, 6]);
  });

  it('keep to the number that is allowed, and tell how many would do', () => {
    const ways = [1, 2, 3, 4].flatMap((i) => [line(0, i, 5n), line(i, 6, 5n)]);
    const { payable, refusal } = find(ways, { amount: 20n, maxPaths: 3 });
    expect(payable).toBe(15n);
    expect(refusal).toMatchObject({ kind: 'bounds', paths: 4, hops: 2 });
    expect(find(ways, { amount: 20n, maxPaths: 4 }).payable).toBe(20n);
  });

  it('keep to the hops that are allowed, and tell how many would do', () => {
    const chain = [line(0, 1, 9n), line(1, 2, 9n), line(2, 6, 9n)];
    expect(find(chain, { amount: 9n, maxHops: 2 }).refusal).toMatchObject({
      kind: 'bounds',
      paths: 1,
      hops: 3,
    });
  });
});

describe('what a payment may not use', () => {
  const lines = [line(0, 1, 9n), line(1, 6, 9n), line(0, 2, 9n), line(2, 6, 4n)];

  it('is who is to be avoided', () => {
    const { routes, payable } = find(lines, { avoid: [1] });
    expect(payable).toBe(4n);
    expect(routes.flatMap(({ path }) => path)).not.toContain(1);
  });

  it('is a hop that is shut, in its own direction only', () => {
    expect(find(lines, { shut: [[1, 6]] }).payable).toBe(4n);
    expect(find(lines, { shut: [[6, 1]] }).payable).toBe(10n);
  });

  it('is a line whose creditor does not carry payments of others, unless it is the payee', () => {
    const closed = lines.map((each) => ({ ...each, carries: each.to !== 1 }));
    expect(find(closed).payable).toBe(4n);
    expect(find(closed, { payee: 1, amount: 9n }).payable).toBe(9n);
    expect(find(lines.map((each) => ({ ...each, carries: each.to !== 6 }))).payable).toBe(10n);
  });
});

describe('amounts beyond what a double holds', () => {
  const HUGE = 2n ** 62n;

  it.each([2n ** 52n - 1n, 2n ** 52n, 2n ** 53n + 1n, HUGE + 1n, AMOUNT_MAX])(
    '%s goes through a line of exactly as much, and not through one of one less',
    (amount) => {
      const through = (limit: bigint) =>
        find([line(0, 1, limit), line(1, 6, AMOUNT_MAX)], { amount });
      expect(through(amount)).toEqual({ payable: amount, routes: [{ path: [0, 1, 6], amount }] });
      const { payable, refusal } = through(amount - 1n);
      expect(payable).toBe(amount - 1n);
      expect(refusal).toMatchObject({ kind: 'impossible', ceiling: amount - 1n });
    },
  );

  it('are split to the last unit', () => {
    const lines = [
      line(0, 1, HUGE + 1n),
      line(1, 6, HUGE),
      line(0, 2, 12_345n),
      line(2, 6, 54_321n),
    ];
    const { routes, payable } = find(lines, { amount: HUGE + 12_345n });
    expect(payable).toBe(HUGE + 12_345n);
    expect(routes.map(({ amount }) => amount)).toEqual([HUGE, 12_345n]);
  });

  it('obey every rule of the small ones', () => {
    fc.assert(
      fc.property(plainLines, questions, (small, change) => {
        const scale = 2n ** 57n - 1n;
        const lines = small.map((l) => ({ ...l, limit: l.limit * scale, debt: l.debt * scale }));
        const question = ask({ ...change, amount: change.amount * scale });
        const answer = new RouteSearch(graphOf(lines)).find(question);
        expectAllowed(answer, question, (from, to) => capacityOf(lines, from, to));
        const cut = smallestCut(small) * scale;
        if (answer.refusal?.kind === 'impossible') expect(cut < question.amount).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a search that is not to go on', () => {
  const lines = [line(0, 1, 9n), line(1, 6, 9n)];

  it('ends when it is cancelled, and says that it did not finish', () => {
    const graph = graphOf(lines);
    const before = carriesOf(graph);
    const { payable, refusal } = new RouteSearch(graph).find(ask({ amount: 9n }), () => true);
    expect(payable).toBe(0n);
    expect(refusal?.kind).toBe('unfinished');
    expect(carriesOf(graph)).toEqual(before);
  });

  it('ends when its steps are used up', () => {
    const graph = graphOf(lines);
    const search = new RouteSearch(graph, { ...SEARCH_DEFAULTS, steps: 1 });
    expect(search.find(ask({ amount: 9n })).refusal?.kind).toBe('unfinished');
  });
});

describe('a question that means nothing', () => {
  const graph: CompactGraph = graphOf([line(0, 6, 5n)]);

  it.each<[string, Partial<RouteQuestion>]>([
    ['participant', { payee: PAYER }],
    ['participant', { payer: NODES }],
    ['participant', { avoid: [PAYEE] }],
    ['amount', { amount: 0n }],
    ['amount', { amount: AMOUNT_MAX + 1n }],
    ['max_hops', { maxHops: 0 }],
    ['max_paths', { maxPaths: 17 }],
  ])('is refused: %s %o', (fault, change) => {
    const search = new RouteSearch(graph);
    expect(() => search.find(ask(change))).toThrow(GeoError);
    expect(() => search.find(ask(change))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fault }) }),
    );
  });
});
