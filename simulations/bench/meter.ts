/** Counts what a node asks of its ports, and keeps a specimen of each kind of message and record. */
import type { Ports, StoreOp } from '../../node/ports.ts';
import { type MessageName, messageNameOf } from '../../protocol/wire/message-types.ts';

export interface Cpu {
  /** User and system time of the process, µs. */
  readonly cpuUs: number;
  /** Of it, that of the thread on which all turns run, µs. */
  readonly mainUs: number;
}

/** Counts since the process began. */
export interface Tally extends Cpu {
  readonly signatures: number;
  readonly verifications: number;
  readonly messagesOut: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  /** Synced batches. */
  readonly fsyncs: number;
  readonly operations: number;
  /** Keys and values handed to the store. */
  readonly storeBytes: number;
  readonly reads: number;
}

/** One kind of thing that was sent or stored: how often so far, and the newest one. */
export interface Specimen<Thing> {
  count: number;
  newest: Thing;
}

export interface Specimens {
  readonly frames: ReadonlyMap<MessageName, Specimen<Uint8Array>>;
  /** By what is done and the prefix of the key: `put edge`, `del live`. */
  readonly operations: ReadonlyMap<string, Specimen<StoreOp>>;
}

type Counts = { -readonly [K in Exclude<keyof Tally, keyof Cpu>]: number };

export class Meter {
  readonly #counts: Counts = {
    signatures: 0,
    verifications: 0,
    messagesOut: 0,
    bytesOut: 0,
    messagesIn: 0,
    fsyncs: 0,
    operations: 0,
    storeBytes: 0,
    reads: 0,
  };
  /** Specimens cost some time, so they are kept only when they are wanted. */
  keepsSpecimens = true;
  readonly #frames = new Map<MessageName, Specimen<Uint8Array>>();
  readonly #operations = new Map<string, Specimen<StoreOp>>();

  tally(): Tally {
    return { ...this.#counts, ...cpuSoFar() };
  }

  specimens(): Specimens {
    return { frames: this.#frames, operations: this.#operations };
  }

  /** The same ports, counted. */
  metered(ports: Ports): Ports {
    const counts = this.#counts;
    const { signer, verify, verifyAside, store, transport } = ports;
    return {
      ...ports,
      signer: {
        publicKey: signer.publicKey,
        sign(message) {
          counts.signatures++;
          return signer.sign(message);
        },
      },
      verify(publicKey, message, signature) {
        counts.verifications++;
        return verify(publicKey, message, signature);
      },
      ...(verifyAside === undefined
        ? {}
        : {
            verifyAside(...claim) {
              counts.verifications++;
              return verifyAside(...claim);
            },
          }),
      store: {
        get(key) {
          counts.reads++;
          return store.get(key);
        },
        scan: (range) => store.scan(range),
        write: (ops) => {
          this.#written(ops);
          return store.write(ops);
        },
        close: () => store.close(),
      },
      transport: {
        ...bound(transport),
        start: (handlers) =>
          transport.start({
            ...handlers,
            frame(from, bytes) {
              counts.messagesIn++;
              handlers.frame(from, bytes);
            },
          }),
        send: (to, frame) => {
          this.#sent(frame);
          transport.send(to, frame);
        },
      },
    };
  }

  #sent(frame: Uint8Array): void {
    this.#counts.messagesOut++;
    this.#counts.bytesOut += frame.length;
    if (!this.keepsSpecimens) return;
    const name = nameOf(frame);
    if (name !== undefined) keep(this.#frames, name, frame);
  }

  #written(ops: readonly StoreOp[]): void {
    this.#counts.fsyncs++;
    this.#counts.operations += ops.length;
    for (const op of ops) {
      this.#counts.storeBytes += op.key.length + (op.type === 'put' ? op.value.length : 0);
      if (!this.keepsSpecimens) continue;
      keep(this.#operations, `${op.type} ${op.key.slice(0, op.key.indexOf('/'))}`, op);
    }
  }
}

/** To be called on the main thread. */
export function cpuSoFar(): Cpu {
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  return { cpuUs: all.user + all.system, mainUs: main.user + main.system };
}

export function difference(after: Tally, before: Tally): Tally {
  return combine(after, before, (a, b) => a - b);
}

export function sum(a: Tally, b: Tally): Tally {
  return combine(a, b, (x, y) => x + y);
}

/** What one of `count` took on average. */
export function perOne(tally: Tally, count: number): Tally {
  return combine(tally, tally, (total) => total / Math.max(count, 1));
}

function combine(a: Tally, b: Tally, by: (x: number, y: number) => number): Tally {
  const keys = Object.keys(a) as (keyof Tally)[];
  return Object.fromEntries(keys.map((key) => [key, by(a[key], b[key])])) as unknown as Tally;
}

function keep<Name, Thing>(kept: Map<Name, Specimen<Thing>>, name: Name, newest: Thing): void {
  const known = kept.get(name);
  if (known === undefined) kept.set(name, { count: 1, newest });
  else {
    known.count++;
    known.newest = newest;
  }
}

/** A frame is an array of message number and body: the number stands in its second byte or its third. */
function nameOf(frame: Uint8Array): MessageName | undefined {
  const number = frame[1]! < 24 ? frame[1]! : frame[2]!;
  return messageNameOf(number);
}

/** A transport's methods live on its prototype; a spread would lose them. */
function bound(transport: Ports['transport']): Ports['transport'] {
  const { resolve } = transport;
  return {
    start: (handlers) => transport.start(handlers),
    stop: () => transport.stop(),
    send: (to, frame) => transport.send(to, frame),
    connect: (address) => transport.connect(address),
    remember: (peer, addresses) => transport.remember(peer, addresses),
    hear: (peer, addresses) => transport.hear(peer, addresses),
    addresses: () => transport.addresses(),
    peers: () => transport.peers(),
    ...(resolve === undefined ? {} : { resolve: (pid) => resolve.call(transport, pid) }),
  };
}
