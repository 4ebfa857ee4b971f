/**
 * Version 2: entries of the history are named by a number that only grows, and have their time within. Until
 * then they were named by the wall clock and a counter that began again with each start: a clock that was
 * set back put new entries among old ones, and could give two the same name.
 */
import * as s from '../../../protocol/wire/schema.ts';
import type { Store, StoreOp } from '../../ports.ts';
import { decodeRecord, encodeRecord } from '../records.ts';
import type { Migration } from './migration.ts';

const ENTRIES_PER_BATCH = 1_000;

// What versions 1 and 2 are does not change any more, whatever the records and keys of today become.
const facts = {
  type: s.oneOf('payment', 'clearing', 'trust_line', 'equivalent', 'agent', 'alert'),
  text: s.text(400),
  tx: s.optional(s.hash),
  peer: s.optional(s.pid),
  equivalent: s.optional(s.equivalentCode),
  amount: s.optional(s.limit),
};
const Entry1 = s.map(facts);
const Entry2 = s.map({ ...facts, time: s.time });
const HEAD = 'meta/history-head';
/** `history/TIME/COUNTER` of this node, then `account/PID/TIME/COUNTER` of each hosted member. */
const NAME1 = /^(history|account\/[^/]+)\/(\d{15})\/\d{6}$/;
const RANGES = [
  { gte: 'history/', lt: 'history0' },
  { gte: 'account/', lt: 'account0' },
];

export const historyNumbers: Migration = {
  to: 2,
  what: 'entries of the history are numbered',

  async batch(store, place) {
    let number = numberIn(store);
    const ops: StoreOp[] = [];
    for await (const [key, value] of after(store, place)) {
      const [, list, time] = NAME1.exec(key) ?? [];
      // Numbered already: by a batch of before.
      if (list === undefined) continue;
      number += 1;
      const entry = { ...decodeRecord(Entry1, value), time: Number(time) };
      const name = `${list}/${String(number).padStart(16, '0')}`;
      ops.push(
        { type: 'del', key },
        { type: 'put', key: name, value: encodeRecord(Entry2, entry) },
      );
      if (ops.length >= 2 * ENTRIES_PER_BATCH) return { ops: [...ops, headAt(number)], next: key };
    }
    return { ops: [...ops, headAt(number)], next: undefined };
  },
};

async function* after(store: Store, place: string | undefined) {
  for (const range of RANGES) {
    // An account comes after the history, though its name comes before.
    if (place?.startsWith('account/') && range.gte === 'history/') continue;
    const isHere = place?.startsWith(range.gte) ?? false;
    for await (const entry of store.scan(isHere ? { ...range, gte: place! } : range)) {
      if (entry[0] !== place) yield entry;
    }
  }
}

function numberIn(store: Store): number {
  const head = store.get(HEAD);
  return head === undefined ? 0 : Number(new TextDecoder().decode(head));
}

function headAt(number: number): StoreOp {
  return { type: 'put', key: HEAD, value: new TextEncoder().encode(String(number)) };
}
