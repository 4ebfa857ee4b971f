/** A store as years of use leave it: edges with people who are not there now, and a long history. */
import { createHash } from 'node:crypto';
import { createHome } from '../../node/home/home.ts';
import { openKeyFile } from '../../node/home/keyring.ts';
import type { StoreOp } from '../../node/ports.ts';
import { HISTORY_HEAD, keys } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { EdgeRecord, encodeRecord, HistoryRecord } from '../../node/store/records.ts';
import {
  hashFromBytes,
  type Pid,
  pidFromHash,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { type Edge, edgeId, newEdge, withLine } from '../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../protocol/machines/trust-line.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';

export interface Fill {
  readonly edges: number;
  readonly history: number;
  readonly equivalent: string;
}

const ENTRIES_PER_BATCH = 2_000;
const LIMIT = 1_000_000n;
const MINUTE_MS = 60_000;

/** Writes into the store of a home whose node is not running. */
export async function fillStore(directory: string, fill: Fill): Promise<void> {
  const home = await createHome(directory);
  const { signer } = await openKeyFile(home.directory);
  const me = pidFromPublicKey(signer.publicKey);
  const store = await openLevelStore(home.storeDirectory);
  let batch: StoreOp[] = [];
  for (const op of operations(me, fill)) {
    batch.push(op);
    if (batch.length < ENTRIES_PER_BATCH) continue;
    await store.write(batch);
    batch = [];
  }
  await store.write(batch);
  await store.close();
}

function* operations(me: Pid, fill: Fill): Generator<StoreOp> {
  for (let i = 0; i < fill.edges; i++) {
    const edge = edgeWith(me, stranger(i), fill.equivalent as EquivalentCode, i);
    yield { type: 'put', key: keys.edge(edge), value: encodeRecord(EdgeRecord, edge) };
  }
  const now = Date.now();
  for (let i = 0; i < fill.history; i++) {
    const entry: HistoryRecord = {
      time: now - (fill.history - i) * MINUTE_MS,
      type: 'payment',
      text: 'carried for others',
      tx: hashFromBytes(digest(`payment ${i}`)),
      equivalent: fill.equivalent as EquivalentCode,
      amount: BigInt(1 + (i % 1_000)),
    };
    const key = keys.history(i + 1);
    yield { type: 'put', key, value: encodeRecord(HistoryRecord, entry) };
  }
  const head = new TextEncoder().encode(String(fill.history));
  yield { type: 'put', key: keys.meta(HISTORY_HEAD), value: head };
}

/** Both ends trust each other and some of it is used. */
function edgeWith(me: Pid, other: Pid, equivalent: EquivalentCode, i: number): Edge {
  const line = {
    limit: LIMIT,
    status: 'active',
    policy: DEFAULT_POLICY,
    sequence: 1,
    changed: Date.now(),
  } as const;
  const edge = withLine(withLine(newEdge(edgeId(me, other, equivalent), 2), me, line), other, line);
  return { ...edge, balance: BigInt(i % 1_000) };
}

function stranger(i: number): Pid {
  return pidFromHash(digest(`stranger ${i}`));
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
