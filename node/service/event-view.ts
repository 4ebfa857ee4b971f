/** An event as one reader may see it: the node itself, a member for whom it votes, an operator of its community. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { EventRecord } from '../store/event-record.ts';
import type * as shapes from './shapes/events.ts';
import { isoTime, reasonView } from './views.ts';

export type EventFacts = Omit<shapes.Event, 'cursor'>;

/** What of an event is for the reader; undefined: nothing. */
export type EventReader = (record: EventRecord) => EventFacts | undefined;

/** What tells of the community and of its node, and of nobody's money. */
const COMMUNITY_TOPICS: readonly string[] = ['member.changed', 'integrity.alert', 'addon.failed'];

/** The node reads everything that is its own. */
export function ownReader(record: EventRecord): EventFacts | undefined {
  return record.role === 'agent' ? undefined : factsOf(record);
}

/** @param isOperator has a role at the hub, and hears of its community as well */
export function visitorReader(member: Pid, isOperator: boolean): EventReader {
  return (record) => {
    const own = memberFacts(record, member);
    if (own !== undefined) return own;
    const { topic, peer } = record;
    const isAbout = topic === 'member.changed' && peer === member;
    return isAbout || (isOperator && COMMUNITY_TOPICS.includes(topic))
      ? factsOf(record)
      : undefined;
  };
}

/** To a member, one event is what it is to the member: role, other end and topic are its own. */
function memberFacts(record: EventRecord, member: Pid): EventFacts | undefined {
  const { parties, topic, state, role } = record;
  const place = parties?.indexOf(member) ?? -1;
  if (place < 0) return undefined;
  const [first = null, second = null] = parties!;
  const facts = factsOf(record);
  switch (topic) {
    case 'payment.received':
    case 'payment.state': {
      const part = place === 0 ? 'payer' : place === 1 ? 'payee' : 'intermediary';
      const peer = part === 'payee' ? first : second;
      // One happening is one event with one cursor: what has come in is told as that, and not twice.
      const isIncome = part === 'payee' && state === 'COMMITTED';
      return { ...facts, topic: isIncome ? 'payment.received' : topic, role: part, peer };
    }
    case 'trustline.changed':
      return place === 0
        ? { ...facts, role: 'given', peer: second }
        : { ...facts, role: 'received', peer: first };
    case 'clearing.proposed':
      // The node was asked, or a member of it: those who were hear it by an event of their own.
      return { ...facts, topic: role === 'agent' ? topic : 'clearing.state', role: 'participant' };
    default:
      return { ...facts, role: 'participant' };
  }
}

function factsOf(record: EventRecord): EventFacts {
  const { topic, time, tx, peer, role, state, equivalent, precision, amount, tookMs } = record;
  return {
    topic,
    time: isoTime(time),
    tx_id: tx ?? null,
    peer: peer ?? null,
    role: role ?? null,
    state: state ?? null,
    equivalent: equivalent ?? null,
    amount:
      amount === undefined || precision === undefined ? null : formatAmount(amount, precision),
    ms: tookMs ?? null,
    reason: reasonView(record.reason, precision ?? 0),
    text: record.text ?? null,
  };
}
