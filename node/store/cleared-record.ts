/** The values that the store keeps of what clearing has done (`node/clearing/cleared.ts`, `debt-averages.ts`). */
import { CYCLE_MAX, PRECISION_MAX } from '../../protocol/limits.ts';
import * as s from '../../protocol/wire/schema.ts';

const count = s.uint(Number.MAX_SAFE_INTEGER);
const digits = s.text(60);
/** A sum that no bound of the protocol holds for: amounts of years, or amounts times milliseconds. */
const sum = s.simple<bigint>({
  cddl: digits.cddl,
  read: (value) => BigInt(digits.read(value)),
  write: (units, to) => to.value(String(units)),
});

/** What was cleared in one equivalent: by everyone with a part of this node, or with one participant. */
export const ClearedRecord = s.map({
  precision: s.uint(PRECISION_MAX),
  /** In order of length. `amount`: what each debt of those cycles was lowered by, together; smallest unit. */
  lengths: s.list(s.map({ members: s.uint(CYCLE_MAX), cycles: count, amount: sum }), CYCLE_MAX),
  /** Chains that were shortened, and the debts that are gone less the new ones, smallest unit. */
  chains: count,
  shortened: sum,
});
export type ClearedRecord = s.Infer<typeof ClearedRecord>;

/** All debt of one equivalent over time, as `DebtOverTime` has it. */
export const DebtTimeRecord = s.map({
  since: s.time,
  at: s.time,
  debt: sum,
  cleared: sum,
  debtTime: sum,
  clearedTime: sum,
});
export type DebtTimeRecord = s.Infer<typeof DebtTimeRecord>;
