/** What of a turn becomes events: read from its notices and its own view of the books, before it is sealed. */
import { type Pid, pidFromPublicKey, type TxId } from '../../protocol/identity/pid.ts';
import { edgeId, lineOf } from '../../protocol/ledger/edge.ts';
import type { OpenManifest } from '../../protocol/machines/manifest.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import { proposalOf } from '../engine/attempts/clearing-records.ts';
import type { Notice } from '../engine/notices.ts';
import type { Turn } from '../engine/turn.ts';
import { type EventRecord, PARTIES_MAX, TEXT_BYTES_MAX } from '../store/event-record.ts';

/** Whose events they are, and which participants besides have theirs at this node: those whom it votes for. */
export interface Readers {
  readonly me: Pid;
  readonly served: (participant: Pid) => boolean;
}

export function eventsOf(turn: Turn, readers: Readers): EventRecord[] {
  return turn.notices.flatMap((notice) => eventsOfNotice(turn, notice, readers));
}

function eventsOfNotice(turn: Turn, notice: Notice, readers: Readers): EventRecord[] {
  const time = turn.now;
  const { me } = readers;
  switch (notice.type) {
    case 'attempt-ended':
      return paymentEvents(turn, readers, notice.tx, turn.attempt(notice.hash)?.open);
    case 'payment-ended':
      return paymentEvents(turn, readers, notice.tx);
    case 'clearing':
      return clearingEvents(turn, readers, notice);
    case 'line-changed': {
      const { owner, other, equivalent, state } = notice;
      const isOwn = owner === me || other === me;
      const parties = membersAmong([owner, other], readers);
      if (!isOwn && parties.length === 0) return [];
      const edge = turn.edge(edgeId(owner, other, equivalent));
      const amount = edge && lineOf(edge, owner)?.limit;
      return [
        {
          topic: 'trustline.changed',
          time,
          peer: owner === me ? other : owner,
          role: !isOwn ? 'agent' : owner === me ? 'given' : 'received',
          state,
          equivalent,
          ...(edge === undefined || amount === undefined
            ? {}
            : { amount, precision: edge.precision }),
          ...(parties.length === 0 ? {} : { parties: [owner, other] }),
        },
      ];
    }
    case 'member-changed': {
      const { participant: peer, status: state } = notice;
      return [{ topic: 'member.changed', time, peer, state }];
    }
    case 'alert': {
      const { text, tx, peer } = notice;
      return [
        {
          topic: 'integrity.alert',
          time,
          text: clipped(text),
          ...(tx === undefined ? {} : { tx }),
          ...(peer === undefined ? {} : { peer }),
        },
      ];
    }
    case 'clearing-pass': {
      const { state, equivalent, precision, cleared: amount, tookMs, text } = notice;
      const facts = { topic: 'clearing.pass', time, state, equivalent, precision } as const;
      return [{ ...facts, amount, tookMs, text: clipped(text) }];
    }
    case 'addon-failed':
      return [{ topic: 'addon.failed', time, text: clipped(notice.text) }];
    case 'agent-changed':
    case 'edge-inherited':
    case 'membership-changed':
    case 'store-reread':
    case 'recorded':
      return [];
  }
}

/**
 * An attempt that failed is no end: its coordinator may try another way.
 * @param open the attempt that ended now, in which the order has been read
 */
function paymentEvents(turn: Turn, readers: Readers, tx: TxId, open?: OpenManifest): EventRecord[] {
  const record = turn.transaction(tx);
  if (record?.finished === undefined || record.finished !== turn.now) return [];
  if (record.clearing !== undefined) return [];
  const { role, state, created, reason } = record;
  const order =
    open?.kind === 'payment' ? open.order : readSigned('PAYMENT_REQUEST', record.order).body;
  const { payer_key, payee, equivalent, precision, amount } = order;
  const facts = { time: turn.now, tx, role, equivalent, precision, amount };
  const peer = role === 'payee' ? pidFromPublicKey(payer_key) : payee;
  const ended: EventRecord = {
    ...facts,
    topic: 'payment.state',
    state,
    peer,
    tookMs: Math.max(0, turn.now - created),
    ...(reason === undefined ? {} : { reason }),
    ...partiesIn(pidFromPublicKey(payer_key), payee, open, readers),
  };
  if (role !== 'payee' || state !== 'COMMITTED') return [ended];
  return [{ ...facts, topic: 'payment.received', state, peer }, ended];
}

/** Payer and payee, and of those who carry the payment the members of this node; nothing if it concerns no member. */
function partiesIn(payer: Pid, payee: Pid, open: OpenManifest | undefined, readers: Readers) {
  const ends = [payer, payee];
  const carriers = new Set<Pid>();
  for (const { path } of open?.kind === 'payment' ? open.routes : []) {
    for (const pid of path) if (pid !== payer && pid !== payee) carriers.add(pid);
  }
  const members = membersAmong([...carriers], readers);
  if (members.length === 0 && membersAmong(ends, readers).length === 0) return {};
  return { parties: [...ends, ...members].slice(0, PARTIES_MAX) };
}

function membersAmong(pids: readonly Pid[], { me, served }: Readers): Pid[] {
  return pids.filter((pid) => pid !== me && served(pid));
}

/** A clearing goes on, wants somebody's word, or is over. What is cleared may be less than was proposed. */
function clearingEvents(
  turn: Turn,
  readers: Readers,
  { tx, state: now }: Extract<Notice, { type: 'clearing' }>,
): EventRecord[] {
  const record = turn.transaction(tx);
  // What lasted only within the turn was never so.
  if (record?.clearing === undefined || record.state !== now) return [];
  const { role, state, attempts, finished, created, reason } = record;
  const { equivalent, precision, amount, cycle } = proposalOf(record);
  const facts = { time: turn.now, tx, state, equivalent, precision };
  const asked = membersAmong(record.clearing.waiting, readers);
  const others = membersAmong(cycle, readers).filter((pid) => !asked.includes(pid));
  const cleared = state === 'COMMITTED' ? turn.attempt(attempts.at(-1)!)?.open : undefined;
  return [
    {
      topic:
        finished !== undefined
          ? 'clearing.done'
          : state === 'PROPOSED'
            ? 'clearing.proposed'
            : 'clearing.state',
      ...facts,
      role,
      amount: cleared?.kind === 'clearing' ? cleared.amount : amount,
      ...(finished === undefined ? {} : { tookMs: Math.max(0, turn.now - created) }),
      ...(reason === undefined ? {} : { reason }),
      ...(others.length === 0 ? {} : { parties: others }),
    },
    // Whoever is asked hears of a proposal, however far it is elsewhere.
    ...(asked.length === 0
      ? []
      : [{ topic: 'clearing.proposed', ...facts, role: 'agent', amount, parties: asked } as const]),
  ];
}

/** An event whose text is too long must not make the turn fail that it tells of. */
function clipped(text: string): string {
  const bytes = new TextEncoder().encode(text);
  // A character cut in two is shown by one of three bytes.
  return bytes.length <= TEXT_BYTES_MAX
    ? text
    : new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES_MAX - 3));
}
