/** What a turn writes of a transaction that has something left to do, and of one that has not. */
import { expect, it } from 'vitest';
import { State } from '../../../node/engine/state.ts';
import { Turn } from '../../../node/engine/turn.ts';
import { keys } from '../../../node/store/keys.ts';
import { createMemoryStore } from '../../../node/store/memory.ts';
import type { TransactionRecord } from '../../../node/store/records.ts';
import { hashOf, type TxId } from '../../../protocol/identity/pid.ts';

const tx: TxId = hashOf(Uint8Array.of(1));
const order: TransactionRecord = {
  order: Uint8Array.of(1),
  role: 'coordinator',
  state: 'NEW',
  attempts: [],
  created: 0,
};
const ended: TransactionRecord = { ...order, state: 'COMMITTED' };

/** What a turn that puts these versions, one after the other, does to the list of open transactions. */
function marks(state: State, ...versions: TransactionRecord[]): string[] {
  const turn = new Turn(state, 0, () => 0);
  for (const version of versions) turn.putTransaction(tx, version);
  const { ops, merge } = turn.finish();
  merge();
  return ops.filter(({ key }) => key === keys.open(tx)).map(({ type }) => type);
}

it('takes a transaction out of the open ones if an earlier turn has put it there', () => {
  const state = new State(createMemoryStore());
  expect(marks(state, order)).toEqual(['put']);
  expect([...state.open]).toEqual([tx]);
  expect(marks(state, ended)).toEqual(['del']);
  expect([...state.open]).toEqual([]);
});

it('writes nothing about openness where a transaction begins and ends in one turn', () => {
  const state = new State(createMemoryStore());
  expect(marks(state, order, ended)).toEqual([]);
  expect([...state.open]).toEqual([]);
});
