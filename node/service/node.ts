/** The node itself: who it is, how it is, its copies. */
import { isAbsolute } from 'node:path';
import { invalid } from '../../protocol/errors.ts';
import { writeBackup } from '../store/backup/backup.ts';
import type { BackupState } from '../store/backup/incremental.ts';
import type { NodeOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import { isoTime, type Views } from './views.ts';

export function nodeOperations(rooms: Rooms, views: Views): NodeOperations {
  const { ports, settings, me, hall } = rooms;
  const { state } = hall;
  const started = ports.clock.now();

  const operations: NodeOperations = {
    identity: () => ({
      pid: me,
      public_key: ports.signer.publicKey,
      addresses: ports.transport.addresses(),
    }),

    status: () => {
      const phases = [...state.attempts.values()].map((attempt) => attempt.commit.phase);
      const edges = views.edges();
      const restored = rooms.restoredAt();
      const audited = rooms.integrity.auditor.last;
      return {
        pid: me,
        public_key: ports.signer.publicKey,
        version: settings.version,
        api: rooms.apiUrl(),
        public_api: rooms.publicUrl(),
        addresses: ports.transport.addresses(),
        started: isoTime(started),
        participation: rooms.isFrozen() ? 'frozen' : 'active',
        peers_connected: ports.transport.peers().filter((peer) => peer.connected).length,
        trust_lines: edges.flatMap((edge) => views.lines(edge)).length,
        edges: edges.length,
        attempts_live: phases.length,
        attempts_in_doubt: phases.filter(
          (p) => p === 'DOUBT' || p === 'WITHDRAWN' || p === 'DECIDED',
        ).length,
        outbox: state.outbox.size,
        store: hall.storeFault ?? 'ok',
        edges_not_compared: edges.filter((edge) => !rooms.edges.isCompared(edge)).length,
        edges_disputed: edges.filter((edge) => edge.dispute !== undefined).length,
        audited: audited === undefined ? null : isoTime(audited.at),
        invariants_broken: audited?.broken ?? 0,
        checksums: rooms.integrity.checksums.rows(),
        recovered: rooms.edges.recovered,
        restored: restored === undefined ? null : isoTime(restored),
      };
    },

    setParticipation: async (wanted) => {
      await rooms.setFrozen(wanted === 'frozen');
      return operations.status();
    },

    backup: async (file) => {
      requireAbsolute(file);
      const written = await writeBackup(ports.store, file);
      await hall.turn((turn) => rooms.integrity.log.note(turn, 'backup', `whole: ${file}`));
      return { file, ...written };
    },

    keptBackups: () => {
      const { state: kept } = rooms.integrity.backup;
      return kept === undefined ? [] : [backupView(kept)];
    },

    keepBackup: async ({ directory, anew = false }) => {
      requireAbsolute(directory);
      return backupView(await rooms.integrity.backup.keep(directory, anew));
    },

    endBackup: async () => {
      await rooms.integrity.backup.end();
      return operations.keptBackups();
    },
  };
  return operations;
}

/** @throws GeoError E009 `path_not_absolute` */
function requireAbsolute(path: string): void {
  if (isAbsolute(path)) return;
  throw invalid(
    'path_not_absolute',
    `The node may work in another directory than you: give the whole path instead of "${path}".`,
  );
}

function backupView({ number, waitingBytes, complete, problem, ...kept }: BackupState) {
  return {
    ...kept,
    batch: number,
    waiting_bytes: waitingBytes,
    complete: isoTime(complete),
    problem: problem ?? null,
  };
}
