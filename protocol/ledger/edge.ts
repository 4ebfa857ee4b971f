/**
 * An edge: two participants, one equivalent, two trust lines, one net balance
 * (docs/PROTOCOL.md, "Words"). Both agents keep the same record, written from the lower to the
 * higher PID; how one side sees it is derived, never stored.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { GeoError } from '../errors.ts';
import {
  comparePids,
  type Hash,
  hashFromBytes,
  hashToBytes,
  type Pid,
  type TxId,
} from '../identity/pid.ts';
import type { EquivalentCode } from '../money/equivalent.ts';
import type { LinePolicy } from '../wire/messages/trust-line.ts';

export interface EdgeId {
  readonly low: Pid;
  readonly high: Pid;
  readonly equivalent: EquivalentCode;
}

/** The limit that one side of an edge grants the other. */
export interface TrustLine {
  readonly limit: bigint;
  readonly status: 'active' | 'frozen' | 'closed';
  readonly policy: LinePolicy;
  /** Only grows; the highest valid one is in force. */
  readonly sequence: number;
  /** When the owner signed it, ms since 1970 UTC. */
  readonly changed: number;
}

/** New debt on a line in one UTC day, for its daily limit. Kept by the owner's agent alone. */
export interface DailyUse {
  /** Days since 1970 UTC. */
  readonly day: number;
  readonly used: bigint;
}

export interface Edge extends EdgeId {
  readonly precision: number;
  /** Given by `low`: `high` may owe `low`. */
  readonly lowLine?: TrustLine;
  /** Given by `high`: `low` may owe `high`. */
  readonly highLine?: TrustLine;
  /** Positive: `high` owes `low`; negative: `low` owes `high`. Smallest unit. */
  readonly balance: bigint;
  /** Held for live attempts that would raise the balance; never negative. */
  readonly heldUp: bigint;
  /** Held for live attempts that would lower the balance; never negative. */
  readonly heldDown: bigint;
  /** Attempts applied so far. */
  readonly count: number;
  /** Sum mod 2^256 of what was applied, see {@link applyChange}; 64 hexadecimal digits. */
  readonly digest: Hash;
  /** Count of the newest statement that both ends have signed; 0: none. */
  readonly base: number;
  /** Why nothing new may use the edge: the two books differ, or its other side broke the protocol. */
  readonly dispute?: string;
  readonly lowUse?: DailyUse;
  readonly highUse?: DailyUse;
}

const HASH_BYTES = 32;
export const EMPTY_DIGEST = '0'.repeat(64) as Hash;

/** The same edge, whichever end is named first. */
export function edgeId(a: Pid, b: Pid, equivalent: EquivalentCode): EdgeId {
  return comparePids(a, b) < 0 ? { low: a, high: b, equivalent } : { low: b, high: a, equivalent };
}

/** Text by which an edge is named in stores and maps. */
export function edgeKey(id: EdgeId): string {
  return `${id.equivalent}/${id.low}/${id.high}`;
}

/** An edge without lines, debt or holds. */
export function newEdge(id: EdgeId, precision: number): Edge {
  return {
    low: id.low,
    high: id.high,
    equivalent: id.equivalent,
    precision,
    balance: 0n,
    heldUp: 0n,
    heldDown: 0n,
    count: 0,
    digest: EMPTY_DIGEST,
    base: 0,
  };
}

/** The other end of the edge. */
export function counterparty(edge: EdgeId, of: Pid): Pid {
  return edge.low === of ? edge.high : edge.low;
}

/** The line that `owner` gives on this edge. */
export function lineOf(edge: Edge, owner: Pid): TrustLine | undefined {
  return edge.low === owner ? edge.lowLine : edge.highLine;
}

/**
 * The edge with `owner`'s line replaced. Whether the new one may come into force is checked before.
 */
export function withLine(edge: Edge, owner: Pid, line: TrustLine): Edge {
  return edge.low === owner ? { ...edge, lowLine: line } : { ...edge, highLine: line };
}

/** What `debtor` owes the other side; 0 if it is the creditor. */
export function debtOf(edge: Edge, debtor: Pid): bigint {
  const owed = edge.high === debtor ? edge.balance : -edge.balance;
  return owed > 0n ? owed : 0n;
}

/** The balance as `owner` sees it: positive if the other side owes it. */
export function balanceFor(edge: Edge, owner: Pid): bigint {
  return edge.low === owner ? edge.balance : -edge.balance;
}

/** The change of the balance when `debtor` comes to owe `amount` more to the other side. */
export function changeFor(edge: EdgeId, debtor: Pid, amount: bigint): bigint {
  return edge.high === debtor ? amount : -amount;
}

/** Held for attempts by which `debtor` would come to owe more (or be owed less). */
export function heldFor(edge: Edge, debtor: Pid): bigint {
  return edge.high === debtor ? edge.heldUp : edge.heldDown;
}

/**
 * capacity(u→v) = limit(v→u) − debt(u→v) + debt(v→u) − held(u→v), never below 0.
 * A line that is missing, frozen or closed lends nothing new: only what v owes u can be worked off.
 */
export function capacity(edge: Edge, debtor: Pid, creditor: Pid): bigint {
  const line = lineOf(edge, creditor);
  const debt = debtOf(edge, debtor);
  const limit = line?.status === 'active' && edge.dispute === undefined ? line.limit : debt;
  const free = limit - debt + debtOf(edge, creditor) - heldFor(edge, debtor);
  return free > 0n ? free : 0n;
}

/**
 * Sets capacity aside for a change of the balance (positive: up). Checked before, see
 * reservation.ts.
 */
export function holdChange(edge: Edge, change: bigint): Edge {
  return change > 0n
    ? { ...edge, heldUp: edge.heldUp + change }
    : { ...edge, heldDown: edge.heldDown - change };
}

/**
 * Gives back what {@link holdChange} set aside.
 * @throws GeoError E010 `hold_underflow`: a hold ended twice, which is our own mistake
 */
export function releaseChange(edge: Edge, change: bigint): Edge {
  const released =
    change > 0n
      ? { ...edge, heldUp: edge.heldUp - change }
      : { ...edge, heldDown: edge.heldDown + change };
  if (released.heldUp < 0n || released.heldDown < 0n) {
    throw new GeoError('E010', 'More was released on an edge than was held; please report this.', {
      fault: 'hold_underflow',
      edge: edgeKey(edge),
    });
  }
  return released;
}

/**
 * Changes the balance, once per attempt, and adds it to the digest:
 * `digest += sha256(tx_id ‖ attempt as u32 big-endian ‖ change as i64 big-endian)  (mod 2^256)`.
 * A sum does not depend on the order in which attempts commit, so both books reach the same one.
 */
export function applyChange(edge: Edge, tx: TxId, attempt: number, change: bigint): Edge {
  const item = new Uint8Array(HASH_BYTES + 12);
  item.set(hashToBytes(tx));
  const view = new DataView(item.buffer);
  view.setUint32(HASH_BYTES, attempt);
  view.setBigInt64(HASH_BYTES + 4, change);
  return {
    ...edge,
    balance: edge.balance + change,
    count: edge.count + 1,
    digest: sumOf(hashToBytes(edge.digest), sha256(item)),
  };
}

/** `a + b` mod 2^256, big-endian, byte by byte: it is a part of every payment, and big integers are garbage. */
function sumOf(a: Uint8Array, b: Uint8Array): Hash {
  const sum = new Uint8Array(HASH_BYTES);
  let carry = 0;
  for (let i = HASH_BYTES - 1; i >= 0; i--) {
    carry += a[i]! + b[i]!;
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
  return hashFromBytes(sum);
}
