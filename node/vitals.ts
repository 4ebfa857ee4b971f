/** How a node is, as plain numbers: read when somebody asks for its metrics, kept by nobody. */
import type { InboxCounters } from './doors/inbox.ts';
import type { Rooms } from './service/rooms.ts';

export interface Vitals {
  readonly version: string;
  readonly storeOk: boolean;
  readonly peersConnected: number;
  readonly edges: number;
  /** Edges on which capacity is held for attempts. */
  readonly edgesHeld: number;
  readonly edgesNotCompared: number;
  readonly edgesDisputed: number;
  /** That the newest audit found. */
  readonly invariantsBroken: number;
  /** Since the newest audit, or since the start if there was none, ms. */
  readonly auditAgeMs: number;
  /** Of the incremental backup; undefined if none is kept. */
  readonly backup:
    | { readonly behindMs: number; readonly waitingBytes: number; readonly bytes: number }
    | undefined;
  /** Live attempts by phase. */
  readonly attempts: ReadonlyMap<string, number>;
  /** Since the oldest attempt in doubt has begun here, ms; 0: none is. */
  readonly oldestDoubtMs: number;
  readonly outbox: number;
  /** Turns that wait for the disk. */
  readonly turnsWaiting: number;
  readonly commit: { readonly batches: number; readonly units: number; readonly failures: number };
  readonly inbox: InboxCounters;
}

const IN_DOUBT: readonly string[] = ['DOUBT', 'WITHDRAWN', 'DECIDED'];

export function readVitals(rooms: Rooms, inbox: InboxCounters): Vitals {
  const { hall, ports, settings } = rooms;
  const { state, commit } = hall;
  const edges = [...state.edges.values()];
  const attempts = new Map<string, number>();
  let oldest = ports.clock.now();
  for (const { commit: machine, started } of state.attempts.values()) {
    attempts.set(machine.phase, (attempts.get(machine.phase) ?? 0) + 1);
    if (IN_DOUBT.includes(machine.phase)) oldest = Math.min(oldest, started);
  }
  return {
    version: settings.version,
    storeOk: hall.storeFault === undefined,
    peersConnected: ports.transport.peers().filter(({ connected }) => connected).length,
    edges: edges.length,
    edgesHeld: edges.filter(({ heldUp, heldDown }) => heldUp + heldDown > 0n).length,
    edgesNotCompared: edges.filter((edge) => !rooms.edges.isCompared(edge)).length,
    edgesDisputed: edges.filter(({ dispute }) => dispute !== undefined).length,
    invariantsBroken: rooms.integrity.auditor.last?.broken ?? 0,
    auditAgeMs: rooms.integrity.auditor.ageMs,
    backup: backupVitals(rooms),
    attempts,
    oldestDoubtMs: Math.max(0, ports.clock.now() - oldest),
    outbox: state.outbox.size,
    turnsWaiting: commit.backlog,
    commit: commit.counters,
    inbox,
  };
}

function backupVitals({ integrity, ports }: Rooms): Vitals['backup'] {
  const { state } = integrity.backup;
  if (state === undefined) return undefined;
  const { complete, waitingBytes, bytes } = state;
  return { behindMs: Math.max(0, ports.clock.now() - complete), waitingBytes, bytes };
}
