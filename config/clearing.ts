/** Options of clearings; what an option is, is said in `config/node.ts`. */
import { z } from 'zod';
import { CYCLE_MAX, ORDER_LIFE_MS_MAX } from '../protocol/limits.ts';
import { whole } from './option.ts';

export const clearing = z.strictObject({
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
