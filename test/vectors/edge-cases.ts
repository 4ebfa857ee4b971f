/** What hops of one edge can carry, and what its lines' policies say to them. */
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  capacity,
  type Edge,
  edgeId,
  newEdge,
  type TrustLine,
} from '../../protocol/ledger/edge.ts';
import type { Hop } from '../../protocol/ledger/effects.ts';
import { dayOf, refuseHop, refuseSum } from '../../protocol/ledger/reservation.ts';
import { DEFAULT_POLICY } from '../../protocol/machines/trust-line.ts';
import { encodeStatement, type StatementFile } from '../../protocol/statement.ts';
import type { EdgeStatement } from '../../protocol/wire/messages/edge.ts';
import * as w from './messages-world.ts';

/** A trust line as far as it matters here; amounts as decimal strings of the smallest unit. */
export interface PortableLine {
  readonly limit: string;
  readonly status: TrustLine['status'];
  readonly can_be_intermediate: boolean;
  readonly daily_limit: string | null;
  readonly blocked_participants: readonly string[];
}

export interface HopCase {
  readonly name: string;
  readonly low: string;
  readonly high: string;
  readonly balance: string;
  readonly held_up: string;
  readonly held_down: string;
  readonly low_line: PortableLine | null;
  readonly high_line: PortableLine | null;
  readonly disputed: boolean;
  /** New debt on the creditor's line so far today, kept by its owner. */
  readonly used_today: string;
  readonly now: number;
  /** The hop that is asked for: alone on its edge, `intermediate` unless its creditor is the payee. */
  readonly debtor: string;
  readonly creditor: string;
  readonly amount: string;
  readonly intermediate: boolean;
  /** All participants of the manifest. */
  readonly participants: readonly string[];
  /** The vote of the creditor's agent, as far as this edge is concerned. */
  readonly valid: boolean;
  readonly reason: string;
  /** capacity(debtor → creditor). */
  readonly capacity: string;
}

interface Setting {
  readonly edge?: Partial<Edge>;
  readonly line?: Partial<TrustLine>;
  readonly policy?: Partial<TrustLine['policy']>;
  readonly hop?: Partial<Hop>;
  readonly used?: bigint;
}

const ID = edgeId(w.anna.pid, w.bob.pid, w.UAH);
const LINE: TrustLine = {
  limit: 1000n,
  status: 'active',
  policy: DEFAULT_POLICY,
  sequence: 1,
  changed: w.NOW,
};
const PARTICIPANTS = [w.anna.pid, w.bob.pid, w.dave.pid];

/** Anna (low) comes to owe Bob (high) more: Bob's line speaks. */
function row(name: string, reason: string, setting: Setting = {}): HopCase {
  const highLine = {
    ...LINE,
    ...setting.line,
    policy: { ...DEFAULT_POLICY, ...setting.policy },
  };
  const used = setting.used ?? 0n;
  const edge: Edge = {
    ...newEdge(ID, 2),
    highLine,
    highUse: { day: dayOf(w.NOW), used },
    ...setting.edge,
  };
  const hop: Hop = {
    debtor: w.anna.pid,
    creditor: w.bob.pid,
    amount: 100n,
    intermediate: true,
    ...setting.hop,
  };
  const change = hop.debtor === edge.high ? hop.amount : -hop.amount;
  const context = { served: () => true, participants: PARTICIPANTS, now: w.NOW };
  const refusal = refuseHop(edge, hop, context) ?? refuseSum(edge, change, context);
  if ((refusal?.fault ?? '') !== reason) throw new Error(`${name}: ${refusal?.fault}`);
  return {
    name,
    low: edge.low,
    high: edge.high,
    balance: edge.balance.toString(),
    held_up: edge.heldUp.toString(),
    held_down: edge.heldDown.toString(),
    low_line: portableLine(edge.lowLine),
    high_line: portableLine(edge.highLine),
    disputed: edge.dispute !== undefined,
    used_today: used.toString(),
    now: w.NOW,
    debtor: hop.debtor,
    creditor: hop.creditor,
    amount: hop.amount.toString(),
    intermediate: hop.intermediate,
    participants: PARTICIPANTS,
    valid: reason === '',
    reason,
    capacity: capacity(edge, hop.debtor, hop.creditor).toString(),
  };
}

function portableLine(line: TrustLine | undefined): PortableLine | null {
  if (line === undefined) return null;
  const { can_be_intermediate, daily_limit, blocked_participants } = line.policy;
  return {
    limit: line.limit.toString(),
    status: line.status,
    can_be_intermediate,
    daily_limit: daily_limit?.toString() ?? null,
    blocked_participants,
  };
}

export function hopCases(): HopCase[] {
  const all = { hop: { amount: 1000n } };
  const dispute = 'the books differ';
  const backwards = { debtor: w.bob.pid, creditor: w.anna.pid };
  return [
    row('part of the limit', ''),
    row('the whole limit', '', all),
    row('one more than the limit', 'insufficient_capacity', { hop: { amount: 1001n } }),
    row('what is owed already uses the limit', 'insufficient_capacity', {
      ...all,
      edge: { balance: -1n },
    }),
    row('what is owed the other way adds to it', '', {
      edge: { balance: 500n },
      hop: { amount: 1500n },
    }),
    row('a hold in the same direction uses it', 'insufficient_capacity', {
      ...all,
      edge: { heldDown: 1n },
    }),
    row('a hold in the other direction gives nothing yet', 'insufficient_capacity', {
      edge: { heldUp: 500n },
      hop: { amount: 1001n },
    }),
    row('debt and holds above a lowered limit: nothing fits', 'insufficient_capacity', {
      edge: { balance: -900n },
      line: { limit: 800n },
      hop: { amount: 1n },
    }),
    row('a frozen line takes no new debt', 'line_frozen', { line: { status: 'frozen' } }),
    row('a frozen line: what is owed the other way can be worked off', '', {
      edge: { balance: 100n },
      line: { status: 'frozen' },
    }),
    row('a frozen line: no more than that', 'line_frozen', {
      edge: { balance: 99n },
      line: { status: 'frozen' },
    }),
    row('a closed line', 'line_closed', { line: { status: 'closed', limit: 0n } }),
    row('no line of the creditor', 'insufficient_capacity', { hop: backwards }),
    row('no line of the creditor, but a debt to be worked off', '', {
      edge: { balance: -100n },
      hop: backwards,
    }),
    row('disputed', 'edge_disputed', { edge: { dispute } }),
    row('does not carry payments of others', 'not_intermediate', {
      policy: { can_be_intermediate: false },
    }),
    row('the same line, its owner being the payee', '', {
      policy: { can_be_intermediate: false },
      hop: { intermediate: false },
    }),
    row('the payee is blocked', 'participant_blocked', {
      policy: { blocked_participants: [w.dave.pid] },
    }),
    row('someone else is blocked', '', { policy: { blocked_participants: [w.eve.pid] } }),
    row('the rest of the daily limit', '', { policy: { daily_limit: 150n }, used: 50n }),
    row('one more than the rest of the daily limit', 'daily_limit', {
      policy: { daily_limit: 149n },
      used: 50n,
    }),
    row('repayment does not count for the day', '', {
      edge: { balance: 100n },
      policy: { daily_limit: 0n },
    }),
    row('repayment that a hold already counts on does', 'daily_limit', {
      edge: { balance: 100n, heldDown: 1n },
      policy: { daily_limit: 0n },
    }),
  ];
}

export interface StatementCase {
  readonly name: string;
  readonly bytes: string;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: '' | 'different' | 'wrong_key' | 'not_signed';
  /** In valid ones: who owed whom how much, in decimal text; null if nobody did. */
  readonly debt?: {
    readonly debtor: string;
    readonly creditor: string;
    readonly amount: string;
  } | null;
}

export function statementCases(): StatementCase[] {
  const statement: EdgeStatement = {
    ...ID,
    precision: 2,
    balance: -2000n,
    count: 1,
    digest: w.ABOUT.manifest,
    low_sequence: 0,
    high_sequence: 1,
    made: w.NOW,
  };
  const signedBy = (who: w.Person, body = statement) => w.sealBy(who, 'EDGE_STATEMENT', body);
  const good: StatementFile = {
    low_key: w.anna.key,
    high_key: w.bob.key,
    by_low: signedBy(w.anna),
    by_high: signedBy(w.bob),
  };
  const make = (change: Partial<StatementFile>) =>
    bytesToHex(encodeStatement({ ...good, ...change }));
  const valid = (name: string, body: EdgeStatement, debt: StatementCase['debt']): StatementCase => {
    const bytes = make({ by_low: signedBy(w.anna, body), by_high: signedBy(w.bob, body) });
    return { name, bytes, valid: true, reason: '', debt: debt ?? null };
  };
  const refused = (
    name: string,
    reason: StatementCase['reason'],
    change: Partial<StatementFile>,
  ): StatementCase => ({ name, bytes: make(change), valid: false, reason });
  return [
    valid('the lower end owes', statement, {
      debtor: w.anna.pid,
      creditor: w.bob.pid,
      amount: '20.00',
    }),
    valid(
      'the higher end owes',
      { ...statement, balance: 1n },
      {
        debtor: w.bob.pid,
        creditor: w.anna.pid,
        amount: '0.01',
      },
    ),
    valid('nobody owes', { ...statement, balance: 0n }, null),
    refused('both signed, but not the same', 'different', {
      by_high: signedBy(w.bob, { ...statement, made: w.NOW + 1 }),
    }),
    refused('a key that is not of that end', 'wrong_key', { high_key: w.eve.key }),
    refused('signed by one end twice', 'not_signed', { by_high: signedBy(w.anna) }),
    refused('signed by a stranger', 'not_signed', { by_low: signedBy(w.eve) }),
    refused('the ends changed places', 'wrong_key', {
      low_key: w.bob.key,
      high_key: w.anna.key,
    }),
  ];
}
