/** Options of the node's own audit; what an option is, is said in `config/node.ts`. */
import { z } from 'zod';
import { whole } from './option.ts';

export const audit = z.strictObject({
  interval_ms: whole(
    { default: 3_600_000, min: 0, max: 30 * 24 * 3_600_000 },
    'From the end of one audit of the own books to the next; 0: only when asked (`geo audit`). An audit reads all attempts ever made, slowly; an edge that breaks an invariant is frozen.',
  ),
});
