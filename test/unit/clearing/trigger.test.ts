import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clearableIn,
  TRIGGER_WORK,
  type TriggerBounds,
  TriggerSearch,
} from '../../../protocol/clearing/trigger.ts';
import { CompactGraph } from '../../../protocol/routing/compact-graph.ts';
import { type Row, randomRows } from './debts.ts';

const bounds: TriggerBounds = { maxLength: 6, minAmount: 1n, work: TRIGGER_WORK };

function booksOf(size: number, rows: readonly Row[]): CompactGraph {
  const graph = new CompactGraph();
  for (let i = 0; i < size; i++) graph.addNode();
  for (const [from, to, debt] of rows) graph.setLine(from, to, { limit: 0n, debt: BigInt(debt) });
  return graph;
}

/** Every cycle of 3 to `maxLength` through the debt, by trying them all: the widest, the shortest of these. */
function oracle(size: number, rows: readonly Row[], [debtor, creditor]: Row, maxLength: number) {
  const owed = new Map(rows.map(([from, to, debt]) => [from * size + to, debt]));
  let best = { amount: 0, length: 0 };
  const walk = (path: readonly number[], amount: number): void => {
    const last = path.at(-1)!;
    for (let v = 0; v < size; v++) {
      const width = Math.min(amount, owed.get(last * size + v) ?? 0);
      if (width === 0) continue;
      if (v === debtor && path.length >= 3) {
        const wider = width > best.amount;
        if (wider || (width === best.amount && path.length < best.length)) {
          best = { amount: width, length: path.length };
        }
      } else if (!path.includes(v) && path.length < maxLength) walk([...path, v], width);
    }
  };
  walk([debtor, creditor], owed.get(debtor * size + creditor) ?? 0);
  return best;
}

describe('cycles through a debt that has changed', () => {
  it('are the largest there are, and the shortest of these', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 3, max: 8 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.constantFrom(2, 9, 1_000_000),
        fc.integer({ min: 3, max: 7 }),
        (seed, size, density, largest, maxLength) => {
          const count = Math.max(1, Math.floor(density * size * (size - 1)));
          const rows = randomRows(seed, size, count, largest);
          const search = new TriggerSearch(booksOf(size, rows));
          for (const row of rows) {
            const found = search.through(row[0], row[1], { ...bounds, maxLength });
            const best = oracle(size, rows, row, maxLength);
            expect(Number(found?.amount ?? 0n)).toBe(best.amount);
            expect(found?.members.length ?? 0).toBe(best.length);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are looked for in both directions of a pair', () => {
    const ring: Row[] = [
      [0, 1, 5],
      [1, 2, 5],
      [2, 0, 5],
    ];
    const search = new TriggerSearch(booksOf(3, ring));
    expect(search.between(0, 1, bounds)).toEqual(search.between(1, 0, bounds));
    expect(search.between(1, 0, bounds)).toMatchObject({ amount: 5n });
  });

  it('can be carried out one after the other until none is left', () => {
    const rows = randomRows(3, 12, 70, 1_000);
    const books = booksOf(12, rows);
    const search = new TriggerSearch(books);
    for (const [from, to] of rows) {
      for (;;) {
        const found = search.between(from, to, bounds);
        if (found === undefined) break;
        found.members.forEach((debtor, i) => {
          const creditor = found.members[(i + 1) % found.members.length]!;
          const debt = clearableIn(books, debtor, creditor) - found.amount;
          expect(debt).toBeGreaterThanOrEqual(0n);
          books.setLine(debtor, creditor, { limit: 0n, debt });
        });
      }
    }
    const left = rows.map(([from, to]): Row => [from, to, Number(clearableIn(books, from, to))]);
    for (const row of left) expect(oracle(12, left, row, 6).amount).toBe(0);
  });

  it('leave what payments hold, what is spared and what is not worth it', () => {
    const ring: Row[] = [
      [0, 1, 5],
      [1, 2, 5],
      [2, 0, 5],
    ];
    const books = booksOf(3, ring);
    books.setLine(2, 1, { limit: 0n, held: 3n });
    expect(new TriggerSearch(books).between(0, 1, bounds)?.amount).toBe(2n);
    expect(new TriggerSearch(books).between(0, 1, { ...bounds, minAmount: 3n })).toBeUndefined();
    const spared = new TriggerSearch(books, (debtor) => debtor === 2);
    expect(spared.between(0, 1, bounds)).toBeUndefined();
    expect(new TriggerSearch(books).between(0, 99, bounds)).toBeUndefined();
  });

  it('count amounts exactly that no double holds', () => {
    const most = 2n ** 63n - 1n;
    const books = booksOf(3, []);
    books.setLine(0, 1, { limit: most, debt: most });
    books.setLine(1, 2, { limit: most, debt: most - 1n });
    books.setLine(2, 0, { limit: most, debt: most });
    expect(new TriggerSearch(books).between(0, 1, bounds)?.amount).toBe(most - 1n);
  });

  it('end when the work is used up', () => {
    const size = 60;
    const rows = randomRows(4, size, 3_000, 1_000);
    const search = new TriggerSearch(booksOf(size, rows));
    const [from, to] = rows[0]!;
    expect(search.through(from, to, { ...bounds, work: 10 })).toBeUndefined();
    expect(search.through(from, to, bounds)).toBeDefined();
  });
});
