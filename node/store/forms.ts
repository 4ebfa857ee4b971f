/** What the value of each key must be like: what whoever looks over a whole store checks. */
import { hashOf } from '../../protocol/identity/pid.ts';
import type { Schema } from '../../protocol/wire/schema.ts';
import type { Store } from '../ports.ts';
import { RedoRecord } from './backup/redo-record.ts';
import { ClearedRecord, DebtTimeRecord } from './cleared-record.ts';
import { EventRecord } from './event-record.ts';
import * as hub from './hub-records.ts';
import { FindingRecord, LogRecord } from './integrity-records.ts';
import { type Prefix, prefixOf, tailOf } from './keys.ts';
import * as records from './records.ts';
import { LinkRecord, SessionRecord } from './session-records.ts';

/** @throws whatever is wrong with the value */
type Form = (tail: string, value: Uint8Array) => unknown;

const record =
  <T>(schema: Schema<T>): Form =>
  (_tail, value) =>
    records.decodeRecord(schema, value);

/** Single values, and bytes that others have signed: whoever reads them checks them. */
const bytes: Form = () => undefined;

const empty: Form = (_tail, value) => {
  if (value.length > 0) throw new Error('there is something where nothing belongs');
};

/** Stored under the name of its content. */
const hashed: Form = (tail, value) => {
  if (hashOf(value) !== tail) throw new Error('the content is not that of its name');
};

const json: Form = (_tail, value) => JSON.parse(new TextDecoder().decode(value));

const FORMS: Readonly<Record<Prefix, Form>> = {
  edge: record(records.EdgeRecord),
  line: record(records.LineEnvelopeRecord),
  applied: bytes,
  statement: record(records.StatementRecord),
  proposal: record(records.StatementRecord),
  dispute: record(records.DisputeRecord),
  finding: record(FindingRecord),
  tx: record(records.TransactionRecord),
  manifest: hashed,
  attempt: record(records.AttemptRecord),
  said: bytes,
  live: record(records.LiveRecord),
  open: empty,
  clearing: empty,
  nonce: bytes,
  outbox: record(records.OutboxRecord),
  agent: record(records.AgentRecord),
  peer: record(records.PeerRecord),
  contact: record(records.ContactRecord),
  equivalent: record(records.EquivalentRecord),
  history: record(records.HistoryRecord),
  account: record(records.HistoryRecord),
  member: record(hub.MemberRecord),
  invitation: record(hub.InvitationRecord),
  operator: record(hub.OperatorRecord),
  offer: record(hub.OfferRecord),
  act: record(hub.ActRecord),
  report: record(hub.ReportRecord),
  told: hashed,
  disagreement: record(hub.DisagreementRecord),
  membership: record(hub.MembershipRecord),
  spared: record(records.SparedRecord),
  cleared: record(ClearedRecord),
  'debt-time': record(DebtTimeRecord),
  session: record(SessionRecord),
  link: record(LinkRecord),
  event: record(EventRecord),
  addon: json,
  heard: bytes,
  redo: record(RedoRecord),
  log: record(LogRecord),
  meta: bytes,
};

export interface RecordsCheck {
  readonly records: number;
  /** A sentence for each of the first that is not as it must be. */
  readonly problems: readonly string[];
}

/** Records between two rests. */
const SLICE = 1_000;
/** A store of which more is wrong is not the better known for it. */
const PROBLEMS_MAX = 100;

/** Reads every record of a store. @param rest called between slices */
export async function checkRecords(store: Store, rest: () => Promise<void>): Promise<RecordsCheck> {
  const problems: string[] = [];
  let count = 0;
  for await (const [key, value] of store.scan({ gte: '', lt: '\u{10ffff}' })) {
    const problem = problemOf(key, value);
    if (problem !== undefined && problems.length < PROBLEMS_MAX) problems.push(problem);
    if (++count % SLICE === 0) await rest();
  }
  return { records: count, problems };
}

function problemOf(key: string, value: Uint8Array): string | undefined {
  const prefix = prefixOf(key);
  if (!Object.hasOwn(FORMS, prefix)) return `${key}: nothing of this program is stored there`;
  try {
    FORMS[prefix as Prefix](tailOf(key), value);
    return undefined;
  } catch (error) {
    return `${key}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
