/** Options of add-ons (see `config/node.ts`). */
import { z } from 'zod';
import { records, whole } from './option.ts';

/** One add-on that the node is to run. */
const LoadedAddon = z.strictObject({
  use: z.string().min(1).max(1_000),
  grant: z.array(z.string().max(40)).max(20).default([]),
  config: z.record(z.string(), z.unknown()).default({}),
});

export const addons = z.strictObject({
  load: records(
    LoadedAddon,
    50,
    '{use: NAME, grant: [CAPABILITY], config: {…}}, of which only "use" must be there',
    'Add-ons to run: `reporting` and `webhook` come with the node; everything else is a file (`./greeter.ts`) or an npm package, found from the home directory. `grant` is what it may read, `config` its own options. See docs/ADDONS.md.',
  ),
  heap_bytes_max: whole(
    { default: 64 * 1024 * 1024, min: 16 * 1024 * 1024, max: 4 * 1024 * 1024 * 1024 },
    'Memory for the objects of one add-on. One that needs more is ended and started again.',
  ),
  stored_bytes_max: whole(
    { default: 16 * 1024 * 1024, min: 0, max: 1024 * 1024 * 1024 },
    'What one add-on may keep in the store. Beyond it, its writes are refused.',
  ),
  hang_ms: whole(
    { default: 10_000, min: 250, max: 600_000 },
    'How long an add-on may not react at all. Then its thread is ended and started again.',
  ),
  call_ms_max: whole(
    { default: 30_000, min: 250, max: 3_600_000 },
    'How long one call of an add-on may take: its setup, an answer, an event, a job. Then it is started again.',
  ),
  restart_ms: whole(
    { default: 1_000, min: 10, max: 600_000 },
    'First wait before a failing add-on is started again. Doubles with each failure in a row, up to a minute.',
  ),
  restarts_max: whole(
    { default: 5, min: 0, max: 1_000 },
    'How often a failing add-on is started again. Then it is given up, with the event `addon.failed`. Ten minutes without a failure count as well.',
  ),
});
