/** The node itself: who it is, how it is, its copies. */
import { z } from 'zod';
import { Checksum } from './ledger.ts';
import { hash, pid, time } from './words.ts';

export const Identity = z.object({ pid, public_key: hash, addresses: z.array(z.string()) });

export const Status = z.object({
  pid,
  public_key: hash,
  version: z.string(),
  api: z.string().describe('base URL of the local HTTP API'),
  public_api: z
    .string()
    .nullable()
    .describe('base URL at which the public API listens; null: it is off'),
  addresses: z.array(z.string()),
  started: time,
  participation: z.enum(['active', 'frozen']),
  peers_connected: z.int(),
  trust_lines: z.int(),
  edges: z.int(),
  attempts_live: z.int().describe('payments and clearings not yet decided or not yet known to all'),
  attempts_in_doubt: z.int().describe('voted YES, outcome unknown'),
  outbox: z.int().describe('messages waiting for an acknowledgement'),
  store: z.string().describe('ok, or what is wrong with it'),
  edges_not_compared: z
    .int()
    .describe('edges whose books have not been equal to the other end since the start'),
  edges_disputed: z.int().describe('edges that are frozen for a dispute'),
  audited: time.nullable().describe('end of the newest audit since the start'),
  invariants_broken: z.int().describe('that this audit found'),
  checksums: z.array(Checksum),
  recovered: z.int().describe('payments brought back from other ends since the start'),
  restored: time.nullable().describe('when these books were restored from a backup'),
});

export const ParticipationRequest = z.strictObject({ state: z.enum(['active', 'frozen']) });

export const BackupRequest = z.strictObject({
  file: z.string().min(1).max(4_000).describe('absolute path on the machine of the node'),
});

export const Backup = z.object({
  file: z.string(),
  entries: z.int(),
  bytes: z.int(),
});

export const KeepBackupRequest = z.strictObject({
  directory: z.string().min(1).max(4_000).describe('absolute path on the machine of the node'),
  anew: z.boolean().optional().describe('begin with a new full copy in any case'),
});

export const IncrementalBackup = z.object({
  directory: z.string(),
  generation: z.string().describe('directory of the newest full copy and its segments'),
  batch: z.int().describe('number of the newest batch in the files'),
  segments: z.int(),
  bytes: z.int().describe('of the full copy and its segments'),
  waiting_bytes: z.int().describe('of batches that the files do not have yet'),
  complete: time.describe('when everything was in the files last, or since when this run tries'),
  problem: z.string().nullable().describe('why the newest batches are not in the files'),
});

export type KeepBackupRequest = z.infer<typeof KeepBackupRequest>;
export type IncrementalBackup = z.infer<typeof IncrementalBackup>;
export type Identity = z.infer<typeof Identity>;
export type Status = z.infer<typeof Status>;
export type Backup = z.infer<typeof Backup>;
