/** Checks of what was applied: by whom, how often, on what proof, along which routes. */
import {
  add,
  at,
  clearingEffects,
  collect,
  type Desk,
  edgeKey,
  type Finding,
  hops,
  short,
} from './desk.ts';
import type { AuditRecord } from './record.ts';

/**
 * 4. A clearing runs round a whole cycle, so what each member gains on one edge it loses on the next; and
 * it only lowers debts. Seen in the clearings as reported, and in the books before and after all of them.
 */
export function clearingNeutral(desk: Desk): Finding {
  const { record, units, text } = desk;
  const faults = neutralBooks(desk);
  const committed = record.clearings.filter((each) => each.state === 'COMMITTED');
  for (const clearing of committed) {
    const net = new Map<string, bigint>();
    for (const { debtor, creditor, delta } of clearingEffects(clearing, units)) {
      add(net, creditor, delta);
      add(net, debtor, -delta);
    }
    for (const [participant, change] of net) {
      if (change === 0n) continue;
      const amount = text(change, clearing.equivalent);
      faults.push(
        `clearing ${short(clearing.tx_id)} changed the position of ${participant} by ${amount}`,
      );
    }
    if (new Set(clearing.cycle).size !== clearing.cycle.length || clearing.cycle.length < 3) {
      faults.push(`clearing ${short(clearing.tx_id)} does not run round a simple cycle`);
    }
  }
  const summary = `${committed.length} clearings changed no net position, made no debt larger and turned none`;
  return { faults, summary };
}

/** The books after all clearings against those before the first. */
function neutralBooks({ record, units, text }: Desk): string[] {
  const faults: string[] = [];
  const before = new Map<string, bigint>();
  const net = new Map<string, bigint>();
  for (const { node, peer, equivalent, balance } of record.balancesBefore) {
    const amount = units(balance, equivalent);
    add(before, edgeKey(node, peer, equivalent), amount);
    add(net, JSON.stringify([node, equivalent]), -amount);
  }
  for (const book of record.books) {
    const { node, peer, equivalent } = book;
    const now = units(book.balance, equivalent);
    const then = before.get(edgeKey(node, peer, equivalent)) ?? 0n;
    add(net, JSON.stringify([node, equivalent]), now);
    if (now * then < 0n) faults.push(`clearing has turned the debt (${at(book)})`);
    else if (now * now > then * then)
      faults.push(`clearing has made the debt larger (${at(book)})`);
  }
  for (const [key, change] of net) {
    if (change === 0n) continue;
    const [node, code] = JSON.parse(key) as [string, string];
    faults.push(`clearings changed the position of ${node} by ${text(change, code)} ${code}`);
  }
  return faults;
}

/** 6. Applied by everyone on its routes or by no one; nothing applied that nobody reported. */
export function atomic({ record }: Desk): Finding {
  const faults: string[] = [];
  const appliedBy = new Map<string, Set<string>>();
  for (const { tx_id, node } of record.transactions) {
    collect(appliedBy, tx_id, node);
  }
  const members = committedMembers(record);
  for (const [txId, participants] of members) {
    const nodes = appliedBy.get(txId) ?? new Set();
    for (const participant of participants) {
      if (!nodes.has(participant)) faults.push(`${participant} did not apply ${short(txId)}`);
    }
  }
  for (const [txId, nodes] of appliedBy) {
    for (const node of nodes) {
      if (!members.get(txId)?.has(node)) {
        faults.push(`${node} applied ${short(txId)}, which no payer reports as committed with it`);
      }
    }
  }
  return { faults, summary: `${members.size} transactions, each applied at all of its voters` };
}

/** 7. At most one committed attempt per order, however often it was sent. */
export function oneCommittedAttempt({ record }: Desk): Finding {
  const faults: string[] = [];
  const attempts = new Map<string, number>();
  const perNode = new Set<string>();
  for (const { node, tx_id, attempt } of record.transactions) {
    const known = attempts.get(tx_id);
    if (known !== undefined && known !== attempt) {
      faults.push(`${short(tx_id)} was committed as attempt ${known} and as attempt ${attempt}`);
    }
    attempts.set(tx_id, attempt);
    const applied = `${node} ${tx_id}`;
    if (perNode.has(applied)) faults.push(`${node} applied ${short(tx_id)} twice`);
    perNode.add(applied);
  }
  return { faults, summary: `${attempts.size} orders, one committed attempt each` };
}

/** 10. Every balance is the sum of the certificates that the same store keeps. */
export function debtsCertified({ record, units, text }: Desk): Finding {
  const faults: string[] = [];
  const proven = new Map<string, bigint>();
  for (const transaction of record.transactions) {
    const { node, equivalent } = transaction;
    if (!transaction.certified) {
      faults.push(`${node} keeps no valid certificate of ${short(transaction.tx_id)}`);
      continue;
    }
    for (const { debtor, creditor, delta } of transaction.effects) {
      const change = units(delta, equivalent);
      if (creditor === node) add(proven, edgeKey(node, debtor, equivalent), change);
      if (debtor === node) add(proven, edgeKey(node, creditor, equivalent), -change);
    }
  }
  for (const book of record.books) {
    const { node, peer, equivalent } = book;
    const sum = proven.get(edgeKey(node, peer, equivalent)) ?? 0n;
    if (sum !== units(book.balance, equivalent)) {
      faults.push(`certificates prove ${text(sum, equivalent)}, not ${book.balance} (${at(book)})`);
    }
  }
  const count = record.transactions.length;
  return { faults, summary: `${count} stored certificates prove every balance` };
}

/** 11. Once everyone is up, every attempt is decided. */
export function allDecided({ record }: Desk): Finding {
  const open = record.undecided
    .filter((each) => each.attempts > 0)
    .map((each) => `${each.node} has ${each.attempts} open attempts`);
  const pending = record.payments
    .filter((each) => each.state !== 'COMMITTED' && each.state !== 'ABORTED')
    .map((each) => `the payment ${each.from} → ${each.to} is still ${each.state}`);
  const proposed = record.clearings
    .filter((each) => each.state !== 'COMMITTED' && each.state !== 'REJECTED')
    .map((each) => `the clearing ${short(each.tx_id)} is still ${each.state}`);
  const { payments, clearings } = record;
  const cleared = clearings.length === 0 ? '' : ` and ${clearings.length} clearings`;
  const summary = `${payments.length} payments${cleared} decided`;
  return { faults: [...open, ...pending, ...proposed], summary };
}

/** The routes of a committed payment go from payer to payee along existing lines and carry its amount. */
export function routesAddUp({ record, units }: Desk): Finding {
  const faults: string[] = [];
  const edges = new Set<string>();
  for (const { from, to, equivalent } of record.lines) {
    edges.add(edgeKey(from, to, equivalent)).add(edgeKey(to, from, equivalent));
  }
  const committed = record.payments.filter((each) => each.state === 'COMMITTED');
  for (const payment of committed) {
    const { from, to, equivalent } = payment;
    const name = `${from} → ${to} of ${payment.amount} ${equivalent}`;
    let carried = 0n;
    for (const { path, amount } of payment.routes) {
      carried += units(amount, equivalent);
      if (path[0] !== from || path.at(-1) !== to || path.length < 2) {
        faults.push(`a route of ${name} does not lead from payer to payee`);
      }
      if (new Set(path).size !== path.length) faults.push(`a route of ${name} meets itself`);
      for (const [here, next] of hops(path)) {
        if (!edges.has(edgeKey(here, next, equivalent))) {
          faults.push(`a route of ${name} passes from ${here} to ${next}, who share no line`);
        }
      }
    }
    if (carried !== units(payment.amount, equivalent)) {
      faults.push(`the routes of ${name} carry another amount`);
    }
    if (payment.tx_id === null) faults.push(`${name} is committed but has no identifier`);
  }
  return { faults, summary: `${committed.length} payments carried whole along their routes` };
}

/** The accountant's own ledger, made from the reported routes alone, equals both books of every edge. */
export function booksMatchPayments({ record, units, text }: Desk): Finding {
  const ledger = new Map<string, bigint>();
  const counts = new Map<string, Set<string>>();
  const enter = (txId: string, debtor: string, creditor: string, code: string, delta: bigint) => {
    add(ledger, edgeKey(creditor, debtor, code), delta);
    add(ledger, edgeKey(debtor, creditor, code), -delta);
    for (const key of [edgeKey(creditor, debtor, code), edgeKey(debtor, creditor, code)]) {
      collect(counts, key, txId);
    }
  };
  for (const { tx_id, equivalent, state, routes } of record.payments) {
    if (state !== 'COMMITTED' || tx_id === null) continue;
    for (const { path, amount } of routes) {
      for (const [debtor, creditor] of hops(path)) {
        enter(tx_id, debtor, creditor, equivalent, units(amount, equivalent));
      }
    }
  }
  for (const clearing of record.clearings) {
    if (clearing.state !== 'COMMITTED') continue;
    for (const { debtor, creditor, delta } of clearingEffects(clearing, units)) {
      enter(clearing.tx_id, debtor, creditor, clearing.equivalent, delta);
    }
  }

  const faults: string[] = [];
  const unseen = new Set(ledger.keys());
  for (const book of record.books) {
    const { node, peer, equivalent } = book;
    const key = edgeKey(node, peer, equivalent);
    unseen.delete(key);
    const expected = ledger.get(key) ?? 0n;
    if (expected !== units(book.balance, equivalent)) {
      faults.push(`expected ${text(expected, equivalent)}, found ${book.balance} (${at(book)})`);
    }
    const applied = counts.get(key)?.size ?? 0;
    if (applied !== book.count) {
      faults.push(`expected ${applied} transactions, found ${book.count} (${at(book)})`);
    }
  }
  for (const key of unseen) {
    const [node, peer, code] = JSON.parse(key) as [string, string, string];
    faults.push(`${node} has no book with ${peer} in ${code}, though it was paid along`);
  }
  return { faults, summary: `${record.books.length} books equal the accountant's own ledger` };
}

/** Who must have applied each committed transaction: everyone on its routes or in its cycle. */
function committedMembers(record: AuditRecord): Map<string, ReadonlySet<string>> {
  const members = new Map<string, ReadonlySet<string>>();
  for (const { tx_id, state, routes } of record.payments) {
    if (state !== 'COMMITTED' || tx_id === null) continue;
    members.set(tx_id, new Set(routes.flatMap((route) => route.path)));
  }
  for (const { tx_id, state, cycle } of record.clearings) {
    if (state === 'COMMITTED') members.set(tx_id, new Set(cycle));
  }
  return members;
}
