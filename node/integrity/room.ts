/** The room that looks after the node's own books: their checksums, their audits, their incremental backup. */
import type { EdgeId } from '../../protocol/ledger/edge.ts';
import type { Hall } from '../engine/hall.ts';
import type { Ports } from '../ports.ts';
import type { IncrementalBackup } from '../store/incremental-backup.ts';
import type { RedoLog } from '../store/redo-log.ts';
import { Auditor } from './auditor.ts';
import { Checksums } from './checksums.ts';
import { keptBackup } from './kept-backup.ts';

export class IntegrityRoom {
  readonly checksums: Checksums;
  readonly auditor: Auditor;
  readonly backup: IncrementalBackup;

  /**
   * @param redo the redo log through which the node writes
   * @param isCompared whether an edge's books have been equal since the start
   */
  constructor(ports: Ports, redo: RedoLog, hall: Hall, isCompared: (id: EdgeId) => boolean) {
    this.checksums = new Checksums(hall.state);
    this.auditor = new Auditor({ ports, hall, checksums: this.checksums, isCompared });
    this.backup = keptBackup(ports, redo, hall);
  }
}
