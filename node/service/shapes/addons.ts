/** Add-ons: which there are, and how they are. */
import { z } from 'zod';

export const AddonState = z.enum([
  'starting',
  'running',
  'waiting',
  'failed',
  'refused',
  'stopped',
]);

export const Addon = z.object({
  source: z.string().describe('as the configuration names it'),
  name: z.string().nullable().describe('null: it could not be loaded'),
  version: z.string().nullable(),
  about: z.string().nullable(),
  state: AddonState.describe(
    'waiting: it failed, and is started again soon; failed: it was given up; refused: it cannot be started as it is configured',
  ),
  reason: z.string().nullable().describe('why it is not running'),
  asks: z.array(z.string()).describe('capabilities that it declares'),
  granted: z.array(z.string()).describe('capabilities that the configuration grants'),
  routes: z.array(z.string()).describe('method and path'),
  sockets: z.array(z.string()).describe('paths of WebSockets'),
  topics: z.array(z.string()).describe('events that it hears'),
  jobs: z.array(z.string()),
  restarts: z.int().describe('since the node has started'),
  failures: z.int().describe('calls of a route or job that threw'),
  stored_bytes: z.int(),
});

export const AddonRef = z.strictObject({ name: z.string().min(1).max(40) });

export type AddonState = z.infer<typeof AddonState>;
export type Addon = z.infer<typeof Addon>;
