/** The room that looks after the node's own books: their checksums, their audits, the audit log, their incremental backup. */
import type { EdgeId } from '../../protocol/ledger/edge.ts';
import type { Hall } from '../engine/hall.ts';
import type { Ports } from '../ports.ts';
import type { IncrementalBackup } from '../store/backup/incremental.ts';
import type { RedoLog } from '../store/backup/redo-log.ts';
import { AuditLog, checkAuditLog } from './audit-log.ts';
import { Auditor } from './auditor.ts';
import { Checksums } from './checksums.ts';
import { keptBackup } from './kept-backup.ts';

export class IntegrityRoom {
  readonly checksums: Checksums;
  readonly log: AuditLog;
  readonly auditor: Auditor;
  readonly backup: IncrementalBackup;

  readonly #ports: Ports;
  readonly #hall: Hall;

  /**
   * @param redo the redo log through which the node writes
   * @param isCompared whether an edge's books have been equal since the start
   */
  constructor(ports: Ports, redo: RedoLog, hall: Hall, isCompared: (id: EdgeId) => boolean) {
    this.#ports = ports;
    this.#hall = hall;
    this.checksums = new Checksums(hall.state);
    this.log = new AuditLog(hall, ports.store);
    this.auditor = new Auditor({ ports, hall, checksums: this.checksums, isCompared });
    this.backup = keptBackup(ports, redo, hall);
  }

  /** Follows the audit log from its beginning; whoever altered it while the node was down is told of. */
  async checkLog(): Promise<void> {
    const { store, clock, log } = this.#ports;
    const { problem } = await checkAuditLog(
      store,
      () => new Promise((resolve) => clock.soon(resolve)),
    );
    if (problem === undefined) return;
    const text = `The audit log is not what was written: ${problem}`;
    log.error({ problem }, 'the audit log is not what was written');
    const newest = await this.log.newest();
    await this.#hall.turn((turn) => {
      this.log.keepWhatIsThere(turn, newest);
      turn.history({ type: 'alert', text });
      turn.notice({ type: 'alert', text });
    });
  }
}
