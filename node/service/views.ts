/** Records as people and programs outside see them: decimal strings, ISO times, names beside PIDs. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Hash, type Pid, pidFromPublicKey, type TxId } from '../../protocol/identity/pid.ts';
import {
  balanceFor,
  capacity,
  counterparty,
  debtOf,
  type Edge,
  heldFor,
  lineOf,
} from '../../protocol/ledger/edge.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { has } from '../../protocol/machines/evidence.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import { debtChangesOf } from '../../protocol/receipt.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import type { MessageBody } from '../../protocol/wire/message-types.ts';
import type { LinePolicy } from '../../protocol/wire/messages/trust-line.ts';
import type { Attempt } from '../engine/attempts/attempt.ts';
import { proposalOf } from '../engine/attempts/clearing-records.ts';
import { receiptOf } from '../engine/attempts/statements.ts';
import type { State } from '../engine/state.ts';
import type { RefusalRecord, TransactionRecord } from '../store/records.ts';
import type * as shapes from './shapes.ts';

export class Views {
  readonly #state: State;
  readonly #me: Pid;
  readonly #names: boolean;

  /** @param names whether the viewer may see what this node calls others */
  constructor(state: State, me: Pid, names = true) {
    this.#state = state;
    this.#me = me;
    this.#names = names;
  }

  /** Every edge of the participant whose view this is. */
  edges(): Edge[] {
    return this.#state.edgesOf(this.#me);
  }

  nameOf(pid: Pid): string | null {
    if (!this.#names) return null;
    for (const [name, contact] of this.#state.contacts) if (contact.pid === pid) return name;
    return null;
  }

  /** Both lines of an edge, as far as they exist and are not closed. */
  lines(edge: Edge): shapes.TrustLine[] {
    const peer = counterparty(edge, this.#me);
    const given = this.line(edge, this.#me, peer);
    const received = this.line(edge, peer, peer);
    return [given, received].filter((line) => line !== undefined);
  }

  line(edge: Edge, owner: Pid, peer: Pid): shapes.TrustLine | undefined {
    const line = lineOf(edge, owner);
    if (line === undefined) return undefined;
    const debtor = counterparty(edge, owner);
    const debt = debtOf(edge, debtor);
    const free = line.limit - debt - heldFor(edge, debtor);
    const other = counterparty(edge, owner);
    const stored = this.#state.lines.get(`${edge.equivalent}/${owner}/${other}`);
    const text = (units: bigint) => formatAmount(units, edge.precision);
    return {
      direction: owner === this.#me ? 'given' : 'received',
      peer,
      peer_name: this.nameOf(peer),
      equivalent: edge.equivalent,
      limit: text(line.limit),
      debt: text(debt),
      available: text(free > 0n && line.status === 'active' ? free : 0n),
      status: line.status,
      state: stored?.state ?? 'COMMITTED',
      sequence: line.sequence,
      policy: policyView(line.policy, edge.precision),
      failure: reasonView(stored?.failure, edge.precision),
    };
  }

  book(edge: Edge): shapes.BookRow {
    return bookRow(edge, this.#me);
  }

  debts(edge: Edge): shapes.DebtRow[] {
    if (edge.balance === 0n) return [];
    const [debtor, creditor] = edge.balance > 0n ? [edge.high, edge.low] : [edge.low, edge.high];
    return [
      {
        debtor,
        creditor,
        peer_name: this.nameOf(counterparty(edge, this.#me)),
        equivalent: edge.equivalent,
        amount: formatAmount(edge.balance > 0n ? edge.balance : -edge.balance, edge.precision),
      },
    ];
  }

  balance(edges: readonly Edge[]): shapes.BalanceRow {
    const { precision, equivalent } = edges[0]!;
    let owed = 0n;
    let owing = 0n;
    let receive = 0n;
    let spend = 0n;
    for (const edge of edges) {
      const peer = counterparty(edge, this.#me);
      owed += debtOf(edge, peer);
      owing += debtOf(edge, this.#me);
      receive += capacity(edge, peer, this.#me);
      spend += capacity(edge, this.#me, peer);
    }
    const text = (units: bigint) => formatAmount(units, precision);
    return {
      equivalent,
      owed_to_me: text(owed),
      i_owe: text(owing),
      net: text(owed - owing),
      can_receive: text(receive),
      can_spend: text(spend),
    };
  }

  /** What the participant is in a payment. */
  roleIn({ payer, payee }: shapes.Payment): shapes.Payment['role'] {
    if (payer === this.#me) return 'payer';
    return payee === this.#me ? 'payee' : 'intermediary';
  }

  payment(tx: TxId, record: TransactionRecord): shapes.Payment {
    const last = this.#lastAttempt(record);
    const order =
      last?.open.kind === 'payment'
        ? last.open.order
        : readSigned('PAYMENT_REQUEST', record.order).body;
    const { precision } = order;
    return {
      ...this.#summaryOf(tx, record, order),
      routes: (last?.open.routes ?? []).map(({ path, amount }) => ({
        path: [...path],
        amount: formatAmount(amount, precision),
      })),
    };
  }

  /** A payment without its way, for lists: the order alone is read, and no attempt. */
  paymentSummary(tx: TxId, record: TransactionRecord): Omit<shapes.Payment, 'routes'> {
    return this.#summaryOf(tx, record, readSigned('PAYMENT_REQUEST', record.order).body);
  }

  #summaryOf(tx: TxId, record: TransactionRecord, order: MessageBody<'PAYMENT_REQUEST'>) {
    const { precision } = order;
    return {
      tx_id: tx,
      state: record.state as shapes.Payment['state'],
      role: record.role as shapes.Payment['role'],
      payer: pidFromPublicKey(order.payer_key),
      payee: order.payee,
      equivalent: order.equivalent,
      amount: formatAmount(order.amount, precision),
      reason: reasonView(record.reason, precision),
      attempts: record.attempts.length,
      created: isoTime(record.created),
      finished: record.finished === undefined ? null : isoTime(record.finished),
      ms: record.finished === undefined ? null : record.finished - record.created,
    };
  }

  clearing(tx: TxId, record: TransactionRecord): shapes.Clearing {
    const proposal = proposalOf(record);
    const { precision } = proposal;
    const committed = this.#lastAttempt(record);
    const cleared =
      record.state === 'COMMITTED' && committed?.open.kind === 'clearing'
        ? formatAmount(committed.open.amount, precision)
        : null;
    const waiting = record.clearing?.waiting ?? [];
    return {
      tx_id: tx,
      state: record.state as shapes.Clearing['state'],
      role: record.role as shapes.Clearing['role'],
      coordinator: pidFromPublicKey(proposal.coordinator_key),
      cycle: [...proposal.cycle],
      shortens: proposal.shortens ?? false,
      equivalent: proposal.equivalent,
      amount: formatAmount(proposal.amount, precision),
      cleared,
      waits_for: [...waiting],
      waits_for_me: waiting.includes(this.#me),
      reason: reasonView(record.reason, precision),
      attempts: record.attempts.length,
      created: isoTime(record.created),
      expires: isoTime(proposal.expires),
      finished: record.finished === undefined ? null : isoTime(record.finished),
      ms: record.finished === undefined ? null : record.finished - record.created,
    };
  }

  /** @param note of a payment, as far as it may be read */
  transaction(tx: TxId, record: TransactionRecord, note: string | null): shapes.Transaction {
    if (record.clearing !== undefined) {
      return {
        kind: 'clearing',
        ...this.clearing(tx, record),
        ...this.#decided(record),
        note: null,
      };
    }
    return { kind: 'payment', ...this.payment(tx, record), ...this.#decided(record), note };
  }

  #decided(record: TransactionRecord) {
    const attempt = this.#lastAttempt(record);
    const precision = attempt?.open.precision ?? 0;
    return {
      attempt: attempt?.open.attempt ?? 0,
      attempt_state: attempt?.commit.phase ?? null,
      manifest_hash: attempt?.open.hash ?? null,
      voters: attempt === undefined ? [] : votersView(attempt),
      effects:
        attempt === undefined
          ? []
          : debtChangesOf(attempt.open, attempt.effects).map((row) => ({
              ...row,
              delta: formatAmount(row.delta, precision),
            })),
      certificate: attempt === undefined ? null : certificateOf(attempt),
    };
  }

  #lastAttempt(record: TransactionRecord): Attempt | undefined {
    // The one that committed, if one did; otherwise the newest.
    const attempts = record.attempts.map((hash) => this.#attempt(hash));
    return attempts.find((a) => a?.commit.phase === 'COMMITTED') ?? attempts.at(-1);
  }

  #attempt(hash: Hash): Attempt | undefined {
    return this.#state.attemptOf(hash);
  }
}

/** One edge as its owner's store has it. */
export function bookRow(edge: Edge, me: Pid): shapes.BookRow {
  const peer = counterparty(edge, me);
  const text = (units: bigint) => formatAmount(units, edge.precision);
  const openLimit = (owner: Pid) => {
    const line = lineOf(edge, owner);
    return text(line === undefined || line.status === 'closed' ? 0n : line.limit);
  };
  return {
    peer,
    equivalent: edge.equivalent,
    balance: text(balanceFor(edge, me)),
    limit_given: openLimit(me),
    limit_received: openLimit(peer),
    held: text(edge.heldUp + edge.heldDown),
    held_in: text(heldFor(edge, peer)),
    held_out: text(heldFor(edge, me)),
    count: edge.count,
    digest: edge.digest,
    frozen: edge.dispute !== undefined,
  };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function policyView(policy: LinePolicy, precision: number): shapes.Policy {
  return {
    auto_clearing: policy.auto_clearing,
    can_be_intermediate: policy.can_be_intermediate,
    daily_limit:
      policy.daily_limit === undefined ? null : formatAmount(policy.daily_limit, precision),
    clearing_limit:
      policy.clearing_limit === undefined ? null : formatAmount(policy.clearing_limit, precision),
    allow_shortening: policy.allow_shortening ?? false,
    blocked_participants: [...policy.blocked_participants],
  };
}

export function reasonView(
  reason: Refusal | RefusalRecord | undefined,
  precision: number,
): shapes.ErrorBody | null {
  if (reason === undefined) return null;
  const { code, fault, text, hop, available } = reason;
  return {
    code,
    message: text,
    details: {
      fault,
      ...(hop === undefined ? {} : { debtor: hop[0], creditor: hop[1] }),
      ...(available === undefined ? {} : { available: formatAmount(available, precision) }),
    },
  };
}

function votersView(attempt: Attempt): shapes.Transaction['voters'] {
  const { voters } = attempt.open;
  const { evidence } = attempt.commit;
  return voters.map((key, i) => ({
    pid: pidFromPublicKey(key),
    public_key: key,
    coordinator: i === voters.length - 1,
    vote: has(evidence.yes, i) ? 'YES' : has(evidence.no, i) ? 'NO' : null,
    withdrew: has(evidence.withdrawn, i),
    applied: has(evidence.applied, i),
  }));
}

function certificateOf(attempt: Attempt): string | null {
  return attempt.commit.phase === 'COMMITTED' ? bytesToHex(receiptOf(attempt)) : null;
}
