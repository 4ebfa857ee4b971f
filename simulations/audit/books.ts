/** Checks that need the books and the filed lines alone. */
import { add, at, type Desk, edgeKey, type Finding, filedLimits } from './desk.ts';

/** 1. Over all books of an equivalent, what is owed and what is owing cancel out. */
export function zeroSum({ record, units, text }: Desk): Finding {
  const sums = new Map(record.equivalents.map((each) => [each.code, 0n]));
  for (const book of record.books) {
    add(sums, book.equivalent, units(book.balance, book.equivalent));
  }
  const faults = [...sums]
    .filter(([, sum]) => sum !== 0n)
    .map(([code, sum]) => `the balances in ${code} add up to ${text(sum, code)} instead of 0`);
  return {
    faults,
    summary: `${record.books.length} balances add up to 0 in ${[...sums.keys()].join(', ')}`,
  };
}

/** 2. No debt above the limit of the line that carries it. Limits do not change during a run. */
export function withinLimits({ record, units }: Desk): Finding {
  const limits = filedLimits(record, units);
  const faults = record.books.flatMap((book) => {
    const { node, peer, equivalent } = book;
    const balance = units(book.balance, equivalent);
    const [creditor, debtor] = balance > 0n ? [node, peer] : [peer, node];
    const limit = limits.get(edgeKey(creditor, debtor, equivalent)) ?? 0n;
    const debt = balance < 0n ? -balance : balance;
    if (debt <= limit) return [];
    return [`${node}: ${debtor} owes ${creditor} more than its limit (${at(book)})`];
  });
  return { faults, summary: `no debt above its limit in ${record.books.length} books` };
}

/** 3. At most one direction of debt per edge, and one book of it per node. */
export function oneDirection({ record, units }: Desk): Finding {
  const faults: string[] = [];
  const seen = new Map<string, bigint>();
  for (const book of record.books) {
    const key = edgeKey(book.node, book.peer, book.equivalent);
    if (seen.has(key)) faults.push(`${book.node} keeps two books of one edge (${at(book)})`);
    const balance = units(book.balance, book.equivalent);
    seen.set(key, balance);
    const other = seen.get(edgeKey(book.peer, book.node, book.equivalent)) ?? 0n;
    if ((balance > 0n && other > 0n) || (balance < 0n && other < 0n)) {
      faults.push(`both ends claim the same direction of debt (${at(book)})`);
    }
  }
  return { faults, summary: `${seen.size} books, each with one direction of debt` };
}

/** 5. Both ends of an edge have the same balance, limits, count and digest. */
export function equalBooks({ record, units }: Desk): Finding {
  const faults: string[] = [];
  const byEdge = new Map(
    record.books.map((book) => [edgeKey(book.node, book.peer, book.equivalent), book]),
  );
  for (const book of record.books) {
    const other = byEdge.get(edgeKey(book.peer, book.node, book.equivalent));
    if (other === undefined) {
      faults.push(`${book.peer} has no book of the edge (${at(book)})`);
      continue;
    }
    // Each pair is compared once, from its lower name; a missing twin is seen from the other side above.
    if (book.node > book.peer) continue;
    const code = book.equivalent;
    const differs = (what: string) => faults.push(`${what} differ between the ends (${at(book)})`);
    if (units(book.balance, code) !== -units(other.balance, code)) differs('balances');
    if (units(book.limit_given, code) !== units(other.limit_received, code)) differs('limits');
    if (units(book.limit_received, code) !== units(other.limit_given, code)) differs('limits');
    if (book.count !== other.count) differs('counts');
    if (book.digest !== other.digest) differs('digests');
  }
  return { faults, summary: `${record.books.length / 2} edges have the same book at both ends` };
}

/** 9. Every hold belongs to a live attempt; at the end none is live. */
export function noHoldsLeft({ record, units }: Desk): Finding {
  const faults = record.books
    .filter((book) => units(book.held, book.equivalent) !== 0n)
    .map((book) => `${book.held} ${book.equivalent} is still held (${at(book)})`);
  return { faults, summary: `nothing held in ${record.books.length} books` };
}

/** Both ends of every filed line hold it with the filed limit, and there is no other line. */
export function linesAsFiled({ record, units, text }: Desk): Finding {
  const faults: string[] = [];
  const given = new Map<string, bigint>();
  const received = new Map<string, bigint>();
  for (const book of record.books) {
    const { node, peer, equivalent } = book;
    given.set(edgeKey(node, peer, equivalent), units(book.limit_given, equivalent));
    received.set(edgeKey(peer, node, equivalent), units(book.limit_received, equivalent));
  }
  const filed = filedLimits(record, units);
  for (const [side, name] of [
    [given, 'its owner'],
    [received, 'the other end'],
  ] as const) {
    for (const { from, to, equivalent, limit } of record.lines) {
      const key = edgeKey(from, to, equivalent);
      if (side.get(key) !== filed.get(key)) {
        faults.push(`the line ${from} → ${to} of ${limit} ${equivalent} is not so at ${name}`);
      }
    }
    for (const [key, limit] of side) {
      if (limit === 0n || filed.has(key)) continue;
      const [from, to, code] = JSON.parse(key) as [string, string, string];
      faults.push(`${name} of ${from} → ${to} has ${text(limit, code)} ${code}, never filed`);
    }
  }
  return { faults, summary: `${record.lines.length} trust lines stand as filed, at both ends` };
}
