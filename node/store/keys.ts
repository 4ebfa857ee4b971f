/**
 * Every key of the store: prefix, parts, value. Nothing else in the project spells a prefix.
 *
 * | prefix | parts | value |
 * |---|---|---|
 * | `edge/` | equivalent, low PID, high PID | EdgeRecord |
 * | `line/` | equivalent, owner PID, other PID | COSE_Sign1 of the newest line, with its message type |
 * | `applied/` | equivalent, low PID, high PID, count | manifest hash of the attempt that was applied as the count-th |
 * | `statement/` | equivalent, low PID, high PID, count | StatementRecord |
 * | `proposal/` | equivalent, low PID, high PID | StatementRecord that the other end has not signed yet |
 * | `dispute/` | equivalent, low PID, high PID | DisputeRecord; there while the edge is frozen for it |
 * | `finding/` | equivalent, low PID, high PID | FindingRecord; there while the edge is frozen for what an audit found |
 * | `tx/` | tx | TransactionRecord: the order and the attempts made for it |
 * | `manifest/` | manifest hash | manifest bytes |
 * | `attempt/` | manifest hash | AttemptRecord; never deleted (R1) |
 * | `said/` | manifest hash, kind and voter | a signed statement (COSE_Sign1) |
 * | `live/` | manifest hash | LiveRecord; the attempt still has something to do |
 * | `open/` | tx | empty; a payment of this node that has no outcome yet |
 * | `clearing/` | tx | empty; a clearing that waits for somebody's word, or is coordinated here and undecided |
 * | `nonce/` | nonce of an order | tx: a repeated wish is the same payment |
 * | `outbox/` | receiver PID, topic | OutboxRecord |
 * | `agent/` | PID | AgentRecord: who votes for the participant |
 * | `peer/` | PID | PeerRecord: agent key and addresses |
 * | `contact/` | name | ContactRecord |
 * | `equivalent/` | code | EquivalentRecord |
 * | `history/` | number | HistoryRecord |
 * | `account/` | PID, number | HistoryRecord: of a hosted member; numbered together with `history/` |
 * | `member/` | PID | MemberRecord: at a hub |
 * | `invitation/` | name: SHA-256 of the code's public key | InvitationRecord: at a hub |
 * | `operator/` | PID | OperatorRecord: at a hub |
 * | `offer/` | code | OfferRecord: an equivalent of the community; at a hub |
 * | `act/` | number | ActRecord: at a hub; never changed or deleted |
 * | `report/` | equivalent, low PID, high PID, which end tells | ReportRecord: at a hub |
 * | `told/` | SHA-256 of a report | the report as it was signed, while a record names it; at a hub |
 * | `disagreement/` | equivalent, low PID, high PID | DisagreementRecord: ends of an edge that report different things; at a hub |
 * | `membership/` | PID of a hub | MembershipRecord |
 * | `spared/` | equivalent, PID | SparedRecord: left out of proposals for a time |
 * | `cleared/` | equivalent, PID if it is of one participant | ClearedRecord: what clearing has done so far |
 * | `debt-time/` | equivalent | DebtTimeRecord: all debt over time |
 * | `session/` | SHA-256 of the session's id | SessionRecord: somebody who has signed in by HTTP |
 * | `link/` | pid | LinkRecord: a password and a second factor for reading by HTTP |
 * | `event/` | number | EventRecord: the newest ones; numbers have no gaps |
 * | `addon/` | name of an add-on, key of its own | JSON: what the add-on keeps |
 * | `heard/` | name of an add-on | cursor of the last event that it has heard |
 * | `redo/` | number | what one batch wrote, until a segment of the incremental backup has it (`redo-log.ts`) |
 * | `log/` | number | LogRecord: what was done to the node itself; never changed or deleted |
 * | `meta/` | name | single values of the node |
 */
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';
import { type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { ScanRange } from '../ports.ts';

/** Prefixes of records that rooms above the engine keep (`engine/shelf.ts`). */
export type ShelfPrefix =
  | 'member'
  | 'invitation'
  | 'operator'
  | 'offer'
  | 'disagreement'
  | 'membership'
  | 'spared'
  | 'cleared'
  | 'debt-time'
  | 'session'
  | 'link';

export type Prefix =
  | ShelfPrefix
  | 'act'
  | 'report'
  | 'told'
  | 'edge'
  | 'line'
  | 'applied'
  | 'statement'
  | 'proposal'
  | 'dispute'
  | 'finding'
  | 'tx'
  | 'manifest'
  | 'attempt'
  | 'said'
  | 'live'
  | 'open'
  | 'clearing'
  | 'nonce'
  | 'outbox'
  | 'agent'
  | 'peer'
  | 'contact'
  | 'equivalent'
  | 'history'
  | 'account'
  | 'event'
  | 'addon'
  | 'heard'
  | 'redo'
  | 'log'
  | 'meta';

export const keys = {
  edge: (id: EdgeId) => `edge/${edgeKey(id)}`,
  line: (equivalent: string, owner: Pid, other: Pid) => `line/${equivalent}/${owner}/${other}`,
  applied: (id: EdgeId, count: number) => `applied/${edgeKey(id)}/${padded(count)}`,
  statement: (id: EdgeId, count: number) => `statement/${edgeKey(id)}/${padded(count)}`,
  proposal: (id: EdgeId) => `proposal/${edgeKey(id)}`,
  dispute: (id: EdgeId) => `dispute/${edgeKey(id)}`,
  finding: (id: EdgeId) => `finding/${edgeKey(id)}`,
  transaction: (tx: TxId) => `tx/${tx}`,
  manifest: (hash: Hash) => `manifest/${hash}`,
  attempt: (hash: Hash) => `attempt/${hash}`,
  said: (hash: Hash, statement: string) => `said/${hash}/${statement}`,
  live: (hash: Hash) => `live/${hash}`,
  open: (tx: TxId) => `open/${tx}`,
  clearing: (tx: TxId) => `clearing/${tx}`,
  nonce: (nonce: string) => `nonce/${nonce}`,
  outbox: (to: Pid, topic: string) => `outbox/${to}/${topic}`,
  agent: (pid: Pid) => `agent/${pid}`,
  peer: (pid: Pid) => `peer/${pid}`,
  contact: (name: string) => `contact/${name}`,
  equivalent: (code: string) => `equivalent/${code}`,
  history: (number: number) => `history/${padded(number)}`,
  report: (id: EdgeId, teller: string) => `report/${edgeKey(id)}/${teller}`,
  told: (hash: Hash) => `told/${hash}`,
  event: (number: number) => `event/${padded(number)}`,
  redo: (number: number) => `redo/${padded(number)}`,
  log: (number: number) => `log/${padded(number)}`,
  act: (number: number) => `act/${padded(number)}`,
  account: (member: Pid, number: number) => `account/${member}/${padded(number)}`,
  shelf: (prefix: ShelfPrefix, name: string) => `${prefix}/${name}`,
  addon: (name: string, key: string) => `addon/${name}/${key}`,
  heard: (name: string) => `heard/${name}`,
  meta: (name: string) => `meta/${name}`,
};

/** Name in `meta/`: when these books were restored, ms since 1970 UTC, as text. */
export const RESTORED_MARK = 'restored-at';
/** Name in `meta/`: number of the newest event, as text. */
export const EVENT_HEAD = 'event-head';
/** Name in `meta/`: number and hash of the newest act of a hub's journal. */
export const JOURNAL_HEAD = 'journal-head';
/** Name in `meta/`: number and hash of the newest entry of the audit log. */
export const LOG_HEAD = 'log-head';
/** Name in `meta/`: of each option at the last start a few digits of a hash, as JSON. */
export const LOG_SETTINGS = 'log-settings';
/** Name in `meta/`: whether this participant takes on no new debt: one byte, 1 while frozen. */
export const PARTICIPATION_FROZEN = 'participation-frozen';
/** Name in `meta/`: the options of a hub at its last start, as JSON. */
export const HUB_SETTINGS = 'hub-settings';
/** Name in `meta/`: number of the newest entry of any history, as text. */
export const HISTORY_HEAD = 'history-head';
/** Name in `meta/`: how far a migration has come, while it is under way. */
export const MIGRATION_PLACE = 'migration';
/** Name in `meta/`: where the incremental backup is kept, as JSON. */
export const BACKUP_PLACE = 'backup-place';
/** Name in `meta/`: the {@link RESTORED_MARK} that an operator has gone through the members after. */
export const MEMBERS_CONFIRMED = 'members-confirmed';

function padded(count: number): string {
  return String(count).padStart(16, '0');
}

/** What was applied on an edge after `count`. */
export function appliedAfter(id: EdgeId, count: number): ScanRange {
  return { gte: keys.applied(id, count + 1), lt: keys.applied(id, Number.MAX_SAFE_INTEGER) };
}

/** Acts of the journal after `number`. */
export function actsSince(number: number): ScanRange {
  return { gte: keys.act(number + 1), lt: rangeOf('act').lt };
}

/** Entries of the audit log after `number`. */
export function logAfter(number: number): ScanRange {
  return { gte: keys.log(number + 1), lt: rangeOf('log').lt };
}

/** Events after `number`. */
export function eventsAfter(number: number): ScanRange {
  return { gte: keys.event(number + 1), lt: rangeOf('event').lt };
}

/** Batches of the redo log after `number`. */
export function redoAfter(number: number): ScanRange {
  return { gte: keys.redo(number + 1), lt: rangeOf('redo').lt };
}

/** The number that an event's, an act's or a batch's key ends with. */
export function numberOf(key: string): number {
  return Number(tailOf(key));
}

/** What an add-on keeps under keys that begin with `prefix`, after the key `after`. */
export function addonRange(name: string, prefix: string, after: string): ScanRange {
  // No key is longer than its beginning and the last character of Unicode.
  const lt = keys.addon(name, `${prefix}\u{10ffff}`);
  const first = keys.addon(name, prefix);
  const next = keys.addon(name, `${after}\0`);
  return { gte: after === '' || next < first ? first : next, lt };
}

/** The add-on's own key in a key of {@link addonRange}. */
export function addonKeyOf(key: string): string {
  return tailOf(tailOf(key));
}

/** All keys of one prefix. `0` follows `/` in the order of characters. */
export function rangeOf(prefix: Prefix): ScanRange {
  return { gte: `${prefix}/`, lt: `${prefix}0` };
}

/** All entries of a history. @param member of whom, if not of this node itself */
export function historyOf(member?: Pid): ScanRange {
  if (member === undefined) return rangeOf('history');
  return { gte: `account/${member}/`, lt: `account/${member}0` };
}

export function isOf(prefix: Prefix, key: string): boolean {
  return key.startsWith(`${prefix}/`);
}

export function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** What follows the prefix of a key. */
export function tailOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
