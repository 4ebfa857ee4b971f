/** What a clearing has come to. */
import type { TxId } from '../../protocol/identity/pid.ts';
import type { OpenClearing } from '../../protocol/machines/manifest.ts';
import type { State } from '../engine/state.ts';

/** The attempt by which a clearing has committed, if it has. */
export function committedOf(state: State, tx: TxId): OpenClearing | undefined {
  const record = state.transactionOf(tx);
  if (record?.state !== 'COMMITTED') return undefined;
  const attempts = record.attempts.map((hash) => state.attemptOf(hash));
  const open = attempts.find((attempt) => attempt?.commit.phase === 'COMMITTED')?.open;
  return open?.kind === 'clearing' ? open : undefined;
}

/** All debt that is gone by it, smallest unit: of a chain, all but the one debt that comes instead. */
export function removedBy({ amount, proposal: { cycle, shortens } }: OpenClearing): bigint {
  return amount * BigInt(shortens === true ? cycle.length - 2 : cycle.length);
}
