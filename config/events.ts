/** Options of events (see `config/node.ts`). */
import { z } from 'zod';
import { whole } from './option.ts';

export const events = z.strictObject({
  kept: whole(
    { default: 100_000, min: 100, max: 100_000_000 },
    'Newest events that are kept for programs that follow them, about 200 bytes each. A program that was away for longer has to read the books again.',
  ),
});
