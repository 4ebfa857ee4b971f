/** Options of a hub and of those who join one (see `config/node.ts`). */
import { z } from 'zod';
import { flag } from './option.ts';

export const hub = z.strictObject({
  enabled: flag(
    false,
    'Be the hub of a community: take in members, and let their status decide what they may do.',
  ),
});
