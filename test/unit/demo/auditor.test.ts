import { describe, expect, it } from 'vitest';
import type { AuditRecord, StoredBook } from '../../../simulations/audit/record.ts';
import { audit } from '../../../simulations/auditor.ts';

/** Anna pays Cyril 5.00 through Boris; Anna and Boris trust each other, Cyril trusts Boris. */
function soundRecord(): AuditRecord {
  const book = (
    node: string,
    peer: string,
    balance: string,
    given: string,
    received: string,
    digest: string,
  ): StoredBook => ({
    node,
    peer,
    equivalent: 'UAH',
    balance,
    limit_given: given,
    limit_received: received,
    held: '0.00',
    count: 1,
    digest,
  });
  const stored = (node: string, effects: [debtor: string, creditor: string][]) => ({
    node,
    tx_id: 'f00d',
    attempt: 1,
    equivalent: 'UAH',
    effects: effects.map(([debtor, creditor]) => ({ debtor, creditor, delta: '5.00' })),
    certified: true,
  });
  return {
    equivalents: [{ code: 'UAH', precision: 2 }],
    lines: [
      { from: 'anna', to: 'boris', equivalent: 'UAH', limit: '10' },
      { from: 'boris', to: 'anna', equivalent: 'UAH', limit: '20.00' },
      { from: 'cyril', to: 'boris', equivalent: 'UAH', limit: '7.50' },
    ],
    payments: [
      {
        tx_id: 'f00d',
        from: 'anna',
        to: 'cyril',
        equivalent: 'UAH',
        amount: '5.00',
        state: 'COMMITTED',
        routes: [{ path: ['anna', 'boris', 'cyril'], amount: '5.00' }],
      },
      {
        tx_id: null,
        from: 'cyril',
        to: 'anna',
        equivalent: 'UAH',
        amount: '900.00',
        state: 'ABORTED',
        routes: [],
      },
    ],
    clearings: [],
    balancesBefore: [],
    books: [
      book('anna', 'boris', '-5.00', '10.00', '20.00', 'ab'),
      book('boris', 'anna', '5.00', '20.00', '10.00', 'ab'),
      book('boris', 'cyril', '-5.00', '0.00', '7.50', 'bc'),
      book('cyril', 'boris', '5.00', '7.50', '0.00', 'bc'),
    ],
    transactions: [
      stored('anna', [['anna', 'boris']]),
      stored('boris', [
        ['anna', 'boris'],
        ['boris', 'cyril'],
      ]),
      stored('cyril', [['boris', 'cyril']]),
    ],
    undecided: [],
  };
}

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

/** The names of the rows that fail once `spoil` has been at the record. */
function failing(spoil: (record: Mutable<AuditRecord>) => void): string[] {
  const record = structuredClone(soundRecord()) as Mutable<AuditRecord>;
  spoil(record);
  return audit(record)
    .filter((row) => !row.held)
    .map((row) => row.name);
}

function detail(record: AuditRecord, name: string): string {
  return audit(record).find((row) => row.name === name)?.detail ?? '';
}

describe('the auditor', () => {
  it('finds nothing wrong with sound books, and says what it counted', () => {
    const rows = audit(soundRecord());
    expect(rows.filter((row) => !row.held)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(12);
    expect(detail(soundRecord(), 'equal_books')).toBe('2 edges have the same book at both ends');
  });

  it('fails zero_sum when money appears from nowhere', () => {
    const failed = failing((record) => {
      record.books[0]!.balance = '-4.99';
    });
    expect(failed).toEqual(
      expect.arrayContaining([
        'zero_sum',
        'equal_books',
        'debts_certified',
        'books_match_payments',
      ]),
    );
    expect(failed).not.toContain('one_direction');
  });

  it('fails within_limits for a debt above the filed limit', () => {
    const failed = failing((record) => {
      record.lines[2]!.limit = '4.99';
      record.books[2]!.limit_received = '4.99';
      record.books[3]!.limit_given = '4.99';
    });
    expect(failed).toEqual(['within_limits']);
  });

  it('fails one_direction when both ends claim to be owed', () => {
    expect(
      failing((record) => {
        record.books[0]!.balance = '5.00';
      }),
    ).toContain('one_direction');
  });

  it('fails one_direction for a second book of the same edge', () => {
    expect(
      failing((record) => {
        record.books.push(record.books[0]!);
      }),
    ).toContain('one_direction');
  });

  it.each([
    ['limit_given', '11.00'],
    ['count', 2],
    ['digest', 'ff'],
  ] as const)('fails equal_books when the ends differ in %s', (field, value) => {
    expect(
      failing((record) => {
        Object.assign(record.books[0]!, { [field]: value });
      }),
    ).toContain('equal_books');
  });

  it('fails equal_books when one end has no book', () => {
    expect(
      failing((record) => {
        record.books.splice(3, 1);
      }),
    ).toContain('equal_books');
  });

  it('fails atomic when one voter did not apply', () => {
    expect(
      failing((record) => {
        record.transactions.splice(2, 1);
      }),
    ).toContain('atomic');
  });

  it('fails atomic when a payment reported as refused was applied', () => {
    expect(
      failing((record) => {
        record.payments[0]!.state = 'ABORTED';
      }),
    ).toEqual(expect.arrayContaining(['atomic', 'books_match_payments']));
  });

  it('fails one_committed_attempt for two attempts of one order', () => {
    const failed = failing((record) => {
      record.transactions[1]!.attempt = 2;
    });
    expect(failed).toEqual(['one_committed_attempt']);
  });

  it('fails one_committed_attempt when a node applied twice', () => {
    expect(
      failing((record) => {
        record.transactions.push(record.transactions[0]!);
      }),
    ).toContain('one_committed_attempt');
  });

  it('fails no_holds_left for the smallest hold', () => {
    const failed = failing((record) => {
      record.books[1]!.held = '0.01';
    });
    expect(failed).toEqual(['no_holds_left']);
  });

  it('fails debts_certified without a certificate', () => {
    const failed = failing((record) => {
      record.transactions[2]!.certified = false;
    });
    expect(failed).toEqual(['debts_certified']);
  });

  it('fails debts_certified when the certificates prove another sum', () => {
    const failed = failing((record) => {
      record.transactions[0]!.effects[0]!.delta = '4.00';
    });
    expect(failed).toEqual(['debts_certified']);
  });

  it('fails all_decided for an open attempt and for a payment without outcome', () => {
    expect(
      failing((record) => {
        record.undecided.push({ node: 'boris', attempts: 1 });
      }),
    ).toEqual(['all_decided']);
    expect(
      failing((record) => {
        record.payments[1]!.state = 'PREPARE_IN_PROGRESS';
      }),
    ).toEqual(['all_decided']);
  });

  it('fails lines_as_filed for a line that never arrived and for one that nobody filed', () => {
    expect(
      failing((record) => {
        record.lines.push({ from: 'anna', to: 'cyril', equivalent: 'UAH', limit: '1' });
      }),
    ).toEqual(['lines_as_filed']);
    expect(
      failing((record) => {
        record.lines.splice(0, 1);
      }),
    ).toEqual(['lines_as_filed']);
  });

  it.each([
    ['a route that ends elsewhere', { path: ['anna', 'boris'], amount: '5.00' }],
    ['a route along no line', { path: ['anna', 'cyril'], amount: '5.00' }],
    ['another amount', { path: ['anna', 'boris', 'cyril'], amount: '4.00' }],
    ['a loop', { path: ['anna', 'boris', 'anna', 'boris', 'cyril'], amount: '5.00' }],
  ])('fails routes_add_up for %s', (_name, route) => {
    expect(
      failing((record) => {
        record.payments[0]!.routes = [route];
      }),
    ).toContain('routes_add_up');
  });

  it('fails books_match_payments when a reported payment is in no book', () => {
    const failed = failing((record) => {
      record.payments.push({ ...record.payments[0]!, tx_id: 'cafe' });
    });
    expect(failed).toEqual(['atomic', 'books_match_payments']);
  });

  it('reports a book that cannot be read and checks the rest', () => {
    const rows = audit({
      ...soundRecord(),
      books: soundRecord().books.map((book, index) =>
        index === 0 ? { ...book, balance: '-5.001' } : book,
      ),
    });
    const zeroSum = rows.find((row) => row.name === 'zero_sum');
    expect(zeroSum).toMatchObject({ held: false, detail: expect.stringContaining('"-5.001"') });
    expect(rows.find((row) => row.name === 'atomic')?.held).toBe(true);
  });

  it('books clearings as debts lowered round a cycle', () => {
    const ring = ['a', 'b', 'c'];
    const next = (index: number) => ring[(index + 1) % 3]!;
    const payments = ring.map((from, index) => ({
      tx_id: `p${index}`,
      from,
      to: next(index),
      equivalent: 'H',
      amount: '3',
      state: 'COMMITTED',
      routes: [{ path: [from, next(index)], amount: '3' }],
    }));
    const clearing = { tx_id: 'cc', equivalent: 'H', cycle: ring, amount: '2', state: 'COMMITTED' };
    const effects = ring.map((debtor, index) => ({ debtor, creditor: next(index) }));
    const record: AuditRecord = {
      equivalents: [{ code: 'H', precision: 0 }],
      lines: ring.map((to, index) => ({ from: next(index), to, equivalent: 'H', limit: '3' })),
      payments,
      clearings: [clearing],
      balancesBefore: effects.flatMap(({ debtor, creditor }) => [
        { node: debtor, peer: creditor, equivalent: 'H', balance: '-3' },
        { node: creditor, peer: debtor, equivalent: 'H', balance: '3' },
      ]),
      books: effects.flatMap(({ debtor, creditor }) => {
        const shared = { equivalent: 'H', held: '0', count: 2, digest: debtor };
        return [
          {
            ...shared,
            node: debtor,
            peer: creditor,
            balance: '-1',
            limit_given: '0',
            limit_received: '3',
          },
          {
            ...shared,
            node: creditor,
            peer: debtor,
            balance: '1',
            limit_given: '3',
            limit_received: '0',
          },
        ];
      }),
      transactions: [
        ...payments.flatMap(({ tx_id, from, to }) =>
          [from, to].map((node) => ({
            node,
            tx_id,
            attempt: 1,
            equivalent: 'H',
            effects: [{ debtor: from, creditor: to, delta: '3' }],
            certified: true,
          })),
        ),
        ...ring.map((node) => ({
          node,
          tx_id: 'cc',
          attempt: 1,
          equivalent: 'H',
          effects: effects
            .filter((each) => each.debtor === node || each.creditor === node)
            .map((each) => ({ ...each, delta: '-2' })),
          certified: true,
        })),
      ],
      undecided: [],
    };
    expect(audit(record).filter((row) => !row.held)).toEqual([]);
    expect(audit(record).map((row) => row.name)).toContain('clearing_neutral');

    const broken = { ...record, clearings: [{ ...clearing, cycle: ['a', 'b', 'a'] }] };
    expect(audit(broken).find((row) => row.name === 'clearing_neutral')?.held).toBe(false);
    const pending = { ...record, clearings: [{ ...clearing, state: 'PROPOSED' }] };
    expect(audit(pending).find((row) => row.name === 'all_decided')?.held).toBe(false);
  });

  // Of the book in which Anna owes Boris 5.00 when all is over.
  it.each([
    ['-6.00', 'clearings changed the position of anna by 1.00 UAH'],
    ['1.00', "clearing has turned the debt (anna's book with boris in UAH)"],
    ['-4.00', "clearing has made the debt larger (anna's book with boris in UAH)"],
  ])('fails clearing_neutral if the balance was %s before', (balance, fault) => {
    const record = soundRecord();
    const [book, ...others] = record.books;
    const balancesBefore = [{ ...book!, balance }, ...others];
    const rows = audit({ ...record, balancesBefore });
    expect(rows.filter((row) => !row.held).map((row) => row.name)).toEqual(['clearing_neutral']);
    expect(detail({ ...record, balancesBefore }, 'clearing_neutral')).toContain(fault);
  });

  it('holds clearing_neutral for books that nothing was cleared in', () => {
    const record = soundRecord();
    const rows = audit({ ...record, balancesBefore: record.books });
    expect(rows.find(({ name }) => name === 'clearing_neutral')?.held).toBe(true);
  });
});
