/** What `geo doctor` looks at. Facts only: what they mean is decided in `diagnosis.ts`. */
import type { NodeConfig } from '../../config/node.ts';
import type { Invariant, Status } from '../../node/service/shapes.ts';

/** What was found, or the sentence of who refused to show it. */
export type Finding<Found> = { readonly found: Found } | { readonly refused: string };

export interface DiskFacts {
  /** Of the home's file system, bytes that this account may still use. */
  readonly freeBytes: number;
  /** All files of the store, bytes. */
  readonly storeBytes: number;
}

export interface ClockFacts {
  /** Whether something sets the clock by the network; undefined where the system does not tell. */
  readonly synchronised: boolean | undefined;
  /** How far the newest file of the home lies in the future, ms; 0 if it does not. */
  readonly behindMs: number;
}

export interface PortFacts {
  /** The option that names it. */
  readonly option: 'listen' | 'api.port';
  /** Multiaddr or `host:port`, as configured. */
  readonly address: string;
  /** `free`: it could be opened. `own`: the node of this home has it. */
  readonly state: 'free' | 'own' | 'taken' | 'refused';
  /** The system's name of the error behind `taken` and `refused`. */
  readonly errno?: string;
}

export interface BootstrapFacts {
  /** Multiaddr, as configured. */
  readonly address: string;
  /** Whether a TCP connection was made; who answers there was not asked. */
  readonly reachable: boolean;
}

export interface RunningFacts {
  readonly status: Status;
  readonly invariants: readonly Invariant[];
}

export interface Facts {
  /** Of the Node that runs this command: `24.1.0`. */
  readonly nodeVersion: string;
  readonly home: string;
  /** PID of the key; refused if it is missing, damaged or open to others. */
  readonly key: Finding<string>;
  readonly config: Finding<NodeConfig>;
  readonly disk: Finding<DiskFacts>;
  readonly clock: ClockFacts;
  /** Null: no node runs on this home. */
  readonly running: Finding<RunningFacts | null>;
  /** That all files of the store are sound and of a known version; undefined if a node has it open. */
  readonly store: Finding<true> | undefined;
  /** Empty if the configuration cannot be read. */
  readonly ports: readonly PortFacts[];
  readonly bootstrap: readonly BootstrapFacts[];
}
