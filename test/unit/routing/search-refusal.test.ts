/** What a refusal says to a person and to a program. */
import { describe, expect, it } from 'vitest';
import type { RouteQuestion } from '../../../protocol/routing/question.ts';
import { refusalError } from '../../../protocol/routing/refusal.ts';
import { RouteSearch } from '../../../protocol/routing/search.ts';
import { graphOf, type PlainLine } from './oracle.ts';

const NAMES = ['Ann', 'Ben', 'Cid', 'Dot', 'Eve', 'Flo', 'Gus'];
const WORDING = {
  name: (node: number) => NAMES[node]!,
  amount: (value: bigint) => `${value} hours`,
};

function refused(
  lines: readonly PlainLine[],
  change: Partial<RouteQuestion>,
  steps?: () => boolean,
) {
  const question = { payer: 0, payee: 6, amount: 10n, maxHops: 6, maxPaths: 3, ...change };
  const answer = new RouteSearch(graphOf(lines)).find(question, steps);
  return refusalError(answer, answer.refusal!, WORDING);
}

function line(from: number, to: number, limit: bigint): PlainLine {
  return { from, to, limit, debt: 0n, carries: true };
}

describe('a refusal', () => {
  it('names the lines that bind where the amount is impossible', () => {
    const error = refused([line(0, 1, 90n), line(1, 6, 7n), line(0, 2, 1n), line(2, 6, 9n)], {});
    expect(error.toJSON()).toMatchObject({
      code: 'E002',
      details: {
        fault: 'insufficient_capacity',
        payable: '8',
        ceiling: '8',
        hops: ['Ben → Gus (7 hours)', 'Ann → Cid (1 hours)'],
      },
    });
    expect(error.message).toContain('At most 8 hours can get through');
    expect(error.message).toContain('Ben → Gus (7 hours)');
    expect(error.message).toContain('A higher limit there');
  });

  it('says that there is no way at all', () => {
    const error = refused([line(0, 1, 90n), line(2, 6, 7n)], {});
    expect(error.code).toBe('E001');
    expect(error.message).toContain('No chain of trust lines');
  });

  it('tells how many routes of how many hops would do', () => {
    const ways = [1, 2, 3, 4, 5].flatMap((i) => [line(0, i, 2n), line(i, 6, 2n)]);
    const error = refused(ways, {});
    expect(error.details).toMatchObject({ fault: 'insufficient_capacity', paths: 5, max_hops: 2 });
    expect(error.message).toContain('6 hours can be paid now');
    expect(error.message).toContain('5 routes of up to 2 hops would do');
    expect(error.message).toContain('and 3 more');
  });

  it('admits that the search was ended', () => {
    const error = refused([line(0, 1, 90n), line(1, 6, 90n)], {}, () => true);
    expect([error.code, error.details.fault]).toEqual(['E007', 'search_unfinished']);
  });
});
