/** Stores of village nodes taken away and brought back: as they were earlier, or with something changed in them. */
import { keys, RESTORED_MARK } from '../../../node/store/keys.ts';
import type { StoreImage } from '../../../node/store/memory.ts';
import {
  AttemptRecord,
  decodeRecord,
  EdgeRecord,
  encodeRecord,
} from '../../../node/store/records.ts';
import type { Hash } from '../../../protocol/identity/pid.ts';
import { type EdgeId, edgeId } from '../../../protocol/ledger/edge.ts';
import type { EdgeDigest } from '../../../protocol/wire/messages/edge.ts';
import { UAH } from '../machines/sample-payment.ts';
import type { Village } from './harness.ts';

/** The node comes back with the books of `image`, as `geo restore` leaves them. */
export async function comeBackWith(
  village: Village,
  name: string,
  image: StoreImage,
): Promise<void> {
  if (village.isUp(name)) await village.kill(name);
  await village.pass(10);
  const mark = new TextEncoder().encode(String(village.clock.now()));
  village.disk(name).restore([...image, [keys.meta(RESTORED_MARK), mark]]);
  await village.start(name);
  await village.pass(200);
}

/** Changes one edge in the store of a node that is down. */
export async function tamper(
  village: Village,
  name: string,
  peer: string,
  change: (edge: EdgeRecord) => EdgeRecord,
): Promise<void> {
  const key = keys.edge(edgeBetween(village, name, peer));
  const edge = decodeRecord(EdgeRecord, village.disk(name).get(key)!);
  const value = encodeRecord(EdgeRecord, change(edge));
  village.disk(name).restore([
    ...village
      .disk(name)
      .snapshot()
      .filter(([each]) => each !== key),
    [key, value],
  ]);
}

export function edgeBetween(village: Village, one: string, other: string): EdgeId {
  return edgeId(village.person(one).pid, village.person(other).pid, UAH);
}

/** What `name` would truthfully say of its book with `peer`. */
export function digestOf(village: Village, name: string, peer: string): EdgeDigest {
  const key = keys.edge(edgeBetween(village, name, peer));
  const edge = decodeRecord(EdgeRecord, village.disk(name).get(key)!);
  return {
    low: edge.low,
    high: edge.high,
    equivalent: edge.equivalent,
    precision: edge.precision,
    balance: edge.balance,
    count: edge.count,
    digest: edge.digest,
    low_sequence: edge.lowLine?.sequence ?? 0,
    high_sequence: edge.highLine?.sequence ?? 0,
    base: edge.base,
    answer: false,
  };
}

/** What a node has on record of an attempt. */
export function attemptOf(village: Village, name: string, hash: Hash): AttemptRecord | undefined {
  const value = village.disk(name).get(keys.attempt(hash));
  return value && decodeRecord(AttemptRecord, value);
}

/** Has every edge of the village compared again. */
export async function compareAll(village: Village): Promise<void> {
  await village.pass(310_000);
}
