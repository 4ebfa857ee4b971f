import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyChange,
  balanceFor,
  capacity,
  changeFor,
  counterparty,
  debtOf,
  type Edge,
  EMPTY_DIGEST,
  edgeId,
  edgeKey,
  heldFor,
  holdChange,
  lineOf,
  releaseChange,
} from '../../../protocol/ledger/edge.ts';
import { UAH } from '../machines/sample-payment.ts';
import { EMPTY, edgeWith, line, txOf, u, v } from './sample-edge.ts';

const amount = fc.bigInt({ min: 1n, max: 2n ** 40n });
const signed = fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }).filter((change) => change !== 0n);

describe('an edge', () => {
  it('is the same from both sides', () => {
    expect(edgeId(v, u, UAH)).toEqual(edgeId(u, v, UAH));
    expect(edgeKey(edgeId(v, u, UAH))).toBe(`UAH/${u}/${v}`);
    expect([counterparty(EMPTY, u), counterparty(EMPTY, v)]).toEqual([v, u]);
  });

  it('has debt in one direction at most, seen with opposite signs', () => {
    fc.assert(
      fc.property(fc.bigInt(), (uOwes) => {
        const edge = edgeWith({ uOwes });
        expect(debtOf(edge, u) * debtOf(edge, v)).toBe(0n);
        expect(debtOf(edge, u) - debtOf(edge, v)).toBe(uOwes);
        expect(balanceFor(edge, v)).toBe(uOwes);
        expect(balanceFor(edge, u)).toBe(-uOwes);
      }),
    );
  });

  it('has two lines, each belonging to who gave it', () => {
    const edge = edgeWith({ uTrustsV: line(3n), vTrustsU: line(5n) });
    expect([lineOf(edge, u)?.limit, lineOf(edge, v)?.limit]).toEqual([3n, 5n]);
  });
});

describe('capacity(u→v) = limit(v→u) − debt(u→v) + debt(v→u) − held(u→v)', () => {
  it.each([
    ['nothing used', { vTrustsU: line(100n) }, 100n],
    ['part of it owed', { vTrustsU: line(100n), uOwes: 30n }, 70n],
    ['all of it owed', { vTrustsU: line(100n), uOwes: 100n }, 0n],
    ['owed the other way: that is worked off first', { vTrustsU: line(100n), uOwes: -40n }, 140n],
    ['held', { vTrustsU: line(100n), uOwes: 30n, heldForU: 50n }, 20n],
    [
      'held for the other direction: no room is made by it',
      { vTrustsU: line(9n), heldForV: 5n },
      9n,
    ],
    ['the own line does not help', { uTrustsV: line(100n) }, 0n],
    ['no line, but an old debt to work off', { uOwes: -40n }, 40n],
    ['no line, the debt already spoken for', { uOwes: -40n, heldForU: 40n }, 0n],
    ['frozen', { vTrustsU: line(100n, { status: 'frozen' }) }, 0n],
    ['frozen, owed', { vTrustsU: line(100n, { status: 'frozen' }), uOwes: 30n }, 0n],
    ['frozen, owed the other way', { vTrustsU: line(9n, { status: 'frozen' }), uOwes: -40n }, 40n],
    ['closed', { vTrustsU: line(100n, { status: 'closed' }) }, 0n],
    ['more owed than the limit: never below 0', { vTrustsU: line(10n), uOwes: 15n }, 0n],
  ])('%s', (_, picture, expected) => {
    expect(capacity(edgeWith(picture), u, v)).toBe(expected);
  });

  it('lends nothing new while the edge is disputed', () => {
    const disputed = (uOwes: bigint): Edge => ({
      ...edgeWith({ vTrustsU: line(100n), uOwes }),
      dispute: 'the books differ',
    });
    expect(capacity(disputed(10n), u, v)).toBe(0n);
    expect(capacity(disputed(-10n), u, v)).toBe(10n);
  });

  it('reads the same for either end of the edge', () => {
    fc.assert(
      fc.property(amount, signed, (limit, owes) => {
        const mine = edgeWith({ vTrustsU: line(limit), uOwes: owes });
        const mirror = edgeWith({ uTrustsV: line(limit), uOwes: -owes });
        expect(capacity(mine, u, v)).toBe(capacity(mirror, v, u));
      }),
    );
  });

  it('keeps every order of arrival within both limits, whatever is held, applied and let go', () => {
    const steps = fc.array(
      fc.record({
        forward: fc.boolean(),
        part: fc.bigInt({ min: 1n, max: 60n }),
        commit: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.nat(), (wishes, order) => {
        let edge = edgeWith({ uTrustsV: line(70n), vTrustsU: line(110n), uOwes: 25n });
        const held: { change: bigint; commit: boolean; tx: number }[] = [];
        const check = () => {
          expect(debtOf(edge, u) <= 110n && debtOf(edge, v) <= 70n).toBe(true);
          expect(edge.heldUp >= 0n && edge.heldDown >= 0n).toBe(true);
        };
        const settle = () => {
          const [one] = held.splice(order % held.length, 1);
          if (one!.commit) edge = applyChange(edge, txOf(one!.tx), 1, one!.change);
          edge = releaseChange(edge, one!.change);
          check();
        };
        for (const [tx, { forward, part, commit }] of wishes.entries()) {
          const [debtor, creditor] = forward ? [u, v] : [v, u];
          if (capacity(edge, debtor, creditor) < part) {
            if (held.length > 0) settle();
            continue;
          }
          const change = changeFor(edge, debtor, part);
          edge = holdChange(edge, change);
          held.push({ change, commit, tx });
          check();
        }
        while (held.length > 0) settle();
        expect([edge.heldUp, edge.heldDown]).toEqual([0n, 0n]);
      }),
    );
  });
});

describe('holds', () => {
  it('bind the direction they were made for, and end where they began', () => {
    fc.assert(
      fc.property(fc.array(signed), (changes) => {
        const held = changes.reduce(holdChange, EMPTY);
        const down = changes.reduce((sum, change) => (change < 0n ? sum - change : sum), 0n);
        expect(heldFor(held, u)).toBe(down);
        expect(changes.reduceRight(releaseChange, held)).toEqual(EMPTY);
      }),
    );
  });

  it('cannot be released twice', () => {
    expect(() => releaseChange(holdChange(EMPTY, 5n), 6n)).toThrow(
      expect.objectContaining({
        code: 'E010',
        details: expect.objectContaining({ fault: 'hold_underflow' }),
      }),
    );
    expect(() => releaseChange(EMPTY, -1n)).toThrow(/more was released/i);
  });
});

describe('what was applied', () => {
  const entries = fc.array(
    fc.record({ tx: fc.nat(500), attempt: fc.integer({ min: 1, max: 9 }), change: signed }),
    {
      maxLength: 12,
    },
  );

  it('gives both books the same balance, count and digest in any order', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (list, seed) => {
        const apply = (edge: Edge, each: (typeof list)[number]) =>
          applyChange(edge, txOf(each.tx), each.attempt, each.change);
        const shuffled = [...list].sort(
          (a, b) => ((a.tx * 31 + seed) % 17) - ((b.tx * 31 + seed) % 17),
        );
        const one = list.reduce(apply, EMPTY);
        const other = shuffled.reduce(apply, EMPTY);
        expect(other).toEqual(one);
        expect(one.balance).toBe(list.reduce((sum, { change }) => sum + change, 0n));
        expect(one.count).toBe(list.length);
      }),
    );
  });

  it('is told apart by the digest, if one entry differs in any part', () => {
    const of = (tx: number, attempt: number, change: bigint) =>
      applyChange(EMPTY, txOf(tx), attempt, change).digest;
    const digests = [of(1, 1, 5n), of(2, 1, 5n), of(1, 2, 5n), of(1, 1, 6n), of(1, 1, -5n)];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digests).not.toContain(EMPTY_DIGEST);
  });

  it('sums sha256(tx ‖ attempt as u32 ‖ change as i64) mod 2^256, as anyone can work out', () => {
    const item = (tx: string, attempt: number, change: bigint) => {
      const tail = Buffer.alloc(12);
      tail.writeUInt32BE(attempt);
      tail.writeBigInt64BE(change, 4);
      const bytes = Buffer.concat([Buffer.from(tx, 'hex'), tail]);
      return BigInt(`0x${createHash('sha256').update(bytes).digest('hex')}`);
    };
    const entriesDone = [
      [txOf(1), 1, 1200n],
      [txOf(2), 3, -7n],
      [txOf(3), 1, 2n ** 62n],
      [txOf(4), 1, -(2n ** 62n)],
    ] as const;
    const edge = entriesDone.reduce<Edge>((sum, [tx, n, c]) => applyChange(sum, tx, n, c), EMPTY);
    const total = entriesDone.reduce((sum, [tx, n, c]) => sum + item(tx, n, c), 0n) % 2n ** 256n;
    expect(edge.digest).toBe(total.toString(16).padStart(64, '0'));
    expect(total).toBeGreaterThan(0n);
  });
});
