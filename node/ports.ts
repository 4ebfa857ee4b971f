/**
 * Everything a node needs from outside. Production, simulator and tests differ only in what they pass here.
 */
import type { Pid, PublicKey } from '../protocol/identity/pid.ts';

/** Wall clock and timers. Units: milliseconds; `now` since 1970-01-01 UTC. */
export interface Clock {
  now(): number;
  /** Runs `task` once, not before `delayMs` have passed. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` as soon as the current work has yielded (setImmediate); groups turns into one commit. */
  soon(task: () => void): void;
}

/** Unpredictable bytes. */
export interface Entropy {
  bytes(count: number): Uint8Array;
}

/** The node's own key; the only thing that can sign in its name. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** Ed25519 signature (64 bytes) over `message`. Synchronous, so that a turn is one piece. */
  sign(message: Uint8Array): Uint8Array;
}

/** Opens notes that were sealed to the node's own key. @throws GeoError E009 `bad_note` */
export type OpenNote = (sealed: Uint8Array, aad: Uint8Array) => string;

/** Checks a signature under the network's one rule (docs/PROTOCOL.md, "Signatures"). Never throws. */
export type VerifySignature = (
  publicKey: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean;

/** The same, while the caller goes on: on another thread, where there is one. Never rejects. */
export type VerifyAside = (...args: Parameters<VerifySignature>) => Promise<boolean>;

export type StoreOp =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

export interface ScanRange {
  /** Inclusive lower bound. */
  readonly gte: string;
  /** Exclusive upper bound. */
  readonly lt: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** Ordered keys (UTF-8 order) to bytes. One owner at a time. */
export interface Store {
  /** Synchronous, so that a turn needs no lock. The returned bytes must not be changed. */
  get(key: string): Uint8Array | undefined;
  scan(range: ScanRange): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** All or nothing, and on the disk (fsync) before it resolves. Rejects with GeoError E010 `store_write_failed`. */
  write(ops: readonly StoreOp[]): Promise<void>;
  close(): Promise<void>;
}

export interface PeerInfo {
  readonly publicKey: PublicKey;
  readonly connected: boolean;
  /** Multiaddrs by which it can be dialled, best first. */
  readonly addresses: readonly string[];
  readonly direction?: 'inbound' | 'outbound';
}

export interface TransportHandlers {
  /** One whole frame from a peer whose key the channel has proven. The bytes may be kept. */
  frame(from: PublicKey, bytes: Uint8Array): void;
  connected(peer: PublicKey): void;
  disconnected(peer: PublicKey): void;
}

/** Best-effort delivery of whole frames between proven keys. May lose, repeat (after a reconnect) and delay. */
export interface Transport {
  start(handlers: TransportHandlers): Promise<void>;
  /** Sends what is queued (bounded time), then closes. */
  stop(): Promise<void>;
  /** Queues a frame; dials if needed; drops it if the peer cannot be reached. Never throws. */
  send(to: PublicKey, frame: Uint8Array): void;
  /** Dials an address now. @throws GeoError E007 `unreachable`, E009 `bad_address`, E006 `peer_denied` */
  connect(address: string): Promise<PublicKey>;
  /** Learns where a peer that this node deals with may be found; tried at the next dial. */
  remember(peer: PublicKey, addresses: readonly string[]): void;
  /** The same of somebody of whom others told, or who came by: that makes nobody less of a stranger. */
  hear(peer: PublicKey, addresses: readonly string[]): void;
  /** A frame of this peer was false, or no message at all: a stranger that goes on so is disconnected. */
  blame?(peer: PublicKey): void;
  /** Finds where a participant is by its PID alone, if the transport has a way to. */
  resolve?(
    pid: Pid,
  ): Promise<{ readonly publicKey: PublicKey; readonly addresses: readonly string[] } | undefined>;
  /** Own dialable multiaddrs, each with `/p2p/...`. */
  addresses(): string[];
  peers(): PeerInfo[];
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where add-ons run: each in a thread of its own, which is ended from outside wherever it is. */
export interface AddonThreads {
  /** The module that the configuration means, as a URL. @throws GeoError E009 `no_such_addon` */
  locate(use: string): string;
  start(options: AddonThreadOptions, listener: AddonThreadListener): AddonThread;
}

export interface AddonThreadOptions {
  /** For its objects; if it needs more, it ends. */
  readonly heapBytesMax: number;
}

export interface AddonThreadListener {
  message(message: unknown): void;
  /** It has ended, whoever ended it. `reason` is for people. */
  ended(reason: string): void;
}

export interface AddonThread {
  /** What structured cloning can copy. */
  send(message: unknown): void;
  /** In a busy loop too. */
  end(): Promise<void>;
}

export interface Ports {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly signer: Signer;
  readonly openNote: OpenNote;
  readonly verify: VerifySignature;
  /** For signatures that nothing but their sender waits for. Absent: {@link verify} does. */
  readonly verifyAside?: VerifyAside;
  readonly store: Store;
  readonly transport: Transport;
  readonly log: Log;
  /** Without it no add-on runs. */
  readonly addons?: AddonThreads;
}
