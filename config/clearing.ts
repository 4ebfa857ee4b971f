/** Options of clearings; what an option is, is said in `config/node.ts`. */
import { z } from 'zod';
import { CYCLE_MAX, ORDER_LIFE_MS_MAX } from '../protocol/limits.ts';
import { flag, list, whole } from './option.ts';

export const clearing = z.strictObject({
  trigger: flag(true, 'Look for cycles after each committed payment, and clear them.'),
  trigger_max_length: whole(
    { default: 6, min: 3, max: CYCLE_MAX },
    'Members of the longest cycle that is looked for after a payment.',
  ),
  min_amounts: list(
    [],
    256,
    (text) => /^[A-Z0-9_]{1,16}=\d{1,19}(\.\d{1,8})?$/.test(text),
    'CODE=AMOUNT, for example UAH=10.00',
    'Smaller amounts are not cleared after a payment. Without an entry for an equivalent: any amount.',
  ),
  delay_ms: whole(
    { default: 250, min: 1, max: 60_000 },
    'How long after a payment cycles are looked for, and by chance up to twice as long; payments under way go first.',
  ),
  search_ms: whole(
    { default: 1_000, min: 50, max: 30_000 },
    'How long one search for cycles waits for neighbours.',
  ),
  search_budget: whole(
    { default: 128, min: 1, max: 10_000 },
    'Messages that one search for cycles may cause, here and behind: a quarter for short cycles, the rest for long ones from both ends.',
  ),
  cycles_max: whole(
    { default: 4, min: 1, max: 16 },
    'Cycles over one debt that are cleared after one search.',
  ),
  pass_ms: whole(
    { default: 600_000, min: 0, max: 24 * 3_600_000 },
    'How long a hub waits between two passes over the debts of its whole community; 0: no passes.',
  ),
  pass_share_percent: whole(
    { default: 1, min: 0, max: 100 },
    'A hub makes a pass sooner if it would clear about this part of all debt; 0: by the clock alone.',
  ),
  pass_max_length: whole(
    { default: 8, min: 3, max: CYCLE_MAX },
    'Members of the longest cycle that a hub clears in such a pass.',
  ),
  max_length: whole(
    { default: CYCLE_MAX, min: 3, max: CYCLE_MAX },
    'Members of the longest cycle that this participant is part of; longer ones are refused.',
  ),
  consent_ms: whole(
    { default: 3_600_000, min: 1_000, max: ORDER_LIFE_MS_MAX },
    'How long a clearing that this node proposes waits for people who want to be asked; silence is a refusal.',
  ),
  spare_ms: whole(
    { default: 24 * 3_600_000, min: 0, max: 30 * 24 * 3_600_000 },
    'How long the lines of someone who did not agree are left out of new proposals.',
  ),
});
