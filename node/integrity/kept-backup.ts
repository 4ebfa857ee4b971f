/** The incremental backup of a running node: what it has to remember and to tell goes through turns. */
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import { IncrementalBackup } from '../store/backup/incremental.ts';
import type { RedoLog } from '../store/backup/redo-log.ts';
import { keys } from '../store/keys.ts';

/** @param log the redo log through which the node writes */
export function keptBackup(ports: Ports, log: RedoLog, hall: Hall): IncrementalBackup {
  const raise = (text: string) => (turn: Turn) => {
    turn.history({ type: 'alert', text });
    turn.notice({ type: 'alert', text });
  };
  return new IncrementalBackup({
    log,
    clock: ports.clock,
    report: ports.log,
    remember: (name, value) =>
      hall.turn((turn) => {
        if (value === undefined) turn.del(keys.meta(name));
        else turn.putMeta(name, value);
      }),
    alert: (text) => {
      hall.turn(raise(text)).catch((error: unknown) => {
        ports.log.error({ text, error: String(error) }, 'an alert could not be written');
      });
    },
  });
}
