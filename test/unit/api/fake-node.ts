/** What a fake node says of itself. */
import type * as shapes from '../../../node/service/shapes.ts';

const ANNA = '3yMApqCuCjXDWPrbjfR5mjCPTHqFG8Pux1TxQrEM35jj';
const ADDRESS = '/ip4/127.0.0.1/tcp/4801';
const KEY = 'a'.repeat(64);
const TIME = '2026-03-01T12:00:00.000Z';

export const status: shapes.Status = {
  pid: ANNA,
  public_key: KEY,
  version: '0.1.0',
  api: 'http://127.0.0.1:1',
  public_api: null,
  addresses: [ADDRESS],
  started: TIME,
  participation: 'active',
  peers_connected: 1,
  trust_lines: 2,
  edges: 1,
  attempts_live: 0,
  attempts_in_doubt: 0,
  outbox: 0,
  store: 'ok',
  edges_not_compared: 0,
  edges_disputed: 0,
  audited: TIME,
  invariants_broken: 0,
  checksums: [{ equivalent: 'UAH', edges: 1, checksum: KEY }],
  recovered: 0,
  restored: null,
};

export const kept: shapes.IncrementalBackup = {
  directory: '/backups/anna',
  generation: '2026-03-01T12-00-00-000Z',
  batch: 7,
  segments: 1,
  bytes: 2048,
  waiting_bytes: 0,
  complete: TIME,
  problem: null,
};
