/** Stores as version 1 of the program wrote them: frozen here, since nothing else writes them any more. */
import type { StoreOp } from '../../../node/ports.ts';
import type { LevelStore } from '../../../node/store/level/level.ts';
import { VERSION_KEY, versionStamp } from '../../../node/store/version.ts';
import { encode } from '../../../protocol/wire/cbor.ts';

export interface OldEntry {
  readonly time: number;
  readonly counter: number;
  readonly text: string;
  /** Of a hosted member's history. */
  readonly member?: string;
}

export function oldEntry({ time, counter, text, member }: OldEntry): StoreOp {
  const list = member === undefined ? 'history' : `account/${member}`;
  const name = `${String(time).padStart(15, '0')}/${String(counter).padStart(6, '0')}`;
  return { type: 'put', key: `${list}/${name}`, value: encode({ type: 'alert', text }) };
}

/** Makes an open, new store one of version 1. */
export async function makeOld(store: LevelStore, ops: readonly StoreOp[]): Promise<void> {
  await store.write([...ops, { type: 'put', key: VERSION_KEY, value: versionStamp(1) }]);
}
