/**
 * `node floor-worker.ts DIRECTORY INDEX`: one node's share of the primitives of a payment and nothing
 * else: signatures, verifications, CBOR, messages, synced writes. No ledger, no machine, no checks.
 *
 * The order in time is the protocol's (docs/PROTOCOL.md, "Payment"): a message leaves when the write
 * that it rests on is durable.
 */
import { join } from 'node:path';
import {
  nativeSigner,
  nativeVerify,
  opensslVerifyAside,
} from '../../node/platform/native-ed25519.ts';
import type { Store, StoreOp } from '../../node/ports.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { createLibp2pTransport, type Libp2pTransport } from '../../node/transport/libp2p.ts';
import { hashOf, type PublicKey } from '../../protocol/identity/pid.ts';
import { decode, encode } from '../../protocol/wire/cbor.ts';
import { kidOf, sealSign1, toBeSigned } from '../../protocol/wire/cose.ts';
import { serve } from '../worker-process.ts';
import type { FloorMessage, FloorOp, FloorRecipe, LoneRecipe } from './floor-recipe.ts';
import { keepInFlight, type Load } from './load.ts';
import { cpuSoFar } from './meter.ts';

/** What a statement's signature is made over: a vote is about this long. */
const SIGNED_BYTES = 180;
const FAILED = 'a good signature failed';
/** Like the key by which a transaction is looked for. */
const READ_KEY = `tx/${'0'.repeat(64)}`;
/** Behind every frame: which payment, and which step of it. */
const TAIL_BYTES = 5;
const STEPS = ['prepare', 'vote', 'commit', 'applied', 'relay'] as const;
type Step = (typeof STEPS)[number];

const unlimited = {
  frames: { perSecond: 1e9, burst: 1e9 },
  bytes: { perSecond: 1e12, burst: 1e12 },
};
const quiet = () => undefined;
const signedText = new Uint8Array(SIGNED_BYTES).fill(7);

export interface FloorIdentity {
  readonly publicKey: PublicKey;
  readonly address: string;
  /** Over the text that all of them sign, so that it can be verified as often as needed. */
  readonly signature: Uint8Array;
}

/** A payment at the coordinator. */
interface Running {
  votes: number;
  applied: number;
  readonly decided: () => void;
}

class FloorNode {
  readonly #transport: Libp2pTransport;
  readonly #store: Store;
  readonly #sign: (message: Uint8Array) => Uint8Array;
  readonly #running = new Map<number, Running>();
  readonly #identity: FloorIdentity;
  #voters: readonly FloorIdentity[] = [];
  #recipe: FloorRecipe | undefined;
  #lone: LoneRecipe | undefined;
  #readsDue = 0;
  #due: { readonly kind: FloorOp; carried: number }[] = [];
  #unitsPerPayment = 1;
  #next = 0;
  #entries = 0;
  signatures = 0;
  verifications = 0;
  messages = 0;

  constructor(transport: Libp2pTransport, store: Store, seed: Uint8Array) {
    const signer = nativeSigner(seed);
    this.#transport = transport;
    this.#store = store;
    this.#sign = (message) => signer.sign(message);
    this.#identity = {
      publicKey: signer.publicKey,
      address: transport.addresses()[0]!,
      signature: signer.sign(signedText),
    };
  }

  static async open(directory: string, index: number): Promise<FloorNode> {
    const seed = new Uint8Array(32).fill(index + 1);
    const transport = await createLibp2pTransport({
      seed,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      dht: false,
      mdns: false,
      limits: { knownPeer: unlimited, stranger: unlimited, allStrangers: unlimited },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const store = await openLevelStore(join(directory, `floor-${index}`));
    let node: FloorNode | undefined;
    await transport.start({
      frame: (from, bytes) => node?.receive(from, bytes),
      connected: quiet,
      disconnected: quiet,
    });
    node = new FloorNode(transport, store, seed);
    return node;
  }

  get identity(): FloorIdentity {
    return this.#identity;
  }

  /** @param all coordinator first */
  async prepare(all: readonly FloorIdentity[], index: number, recipe: FloorRecipe): Promise<void> {
    const connected = this.#voters.length > 0;
    this.#voters = all.slice(1);
    this.#recipe = recipe;
    this.#due = recipe.operations[index]!.map((kind) => ({ kind, carried: 0 }));
    // Coordinator: the start, each vote, each `applied`. Voter: vote, `applied`, what is relayed.
    this.#unitsPerPayment = index === 0 ? 1 + 2 * this.#voters.length : 3;
    if (index !== 0 || connected) return;
    for (const { address } of this.#voters) await this.#transport.connect(address);
  }

  /** Nobody else votes: what comes in, a vote of the own, one write, and no message. */
  prepareAlone(recipe: LoneRecipe): void {
    this.#lone = recipe;
    this.#due = recipe.operations.map((kind) => ({ kind, carried: 0 }));
    this.#unitsPerPayment = 1;
    this.#voters = [this.#identity];
  }

  /** The order is a real one, always the same; the vote is put together anew each time, as a vote has to be. */
  async payAlone(): Promise<undefined> {
    const { request, order, vote, hashed, reads } = this.#lone!;
    for (const document of request.decoded) decode(document);
    for (const bytes of hashed) hashOf(bytes);
    this.#readsDue += reads;
    for (; this.#readsDue >= 1; this.#readsDue--)
      this.#store.get(freshKey(READ_KEY, this.#entries++));
    this.verifications++;
    const { payer, envelope } = order;
    const claimed = toBeSigned('PAYMENT_REQUEST', kidOf(payer), envelope.payload);
    if (!(await opensslVerifyAside(payer, claimed, envelope.signature))) throw new Error(FAILED);
    this.signatures++;
    sealSign1('PAYMENT_PREPARE_ACK', encode(vote), this.#identity.publicKey, this.#sign);
    return new Promise((resolve) => this.#write(() => resolve(undefined)));
  }

  /** Coordinator: one payment, until it is decided and durable. */
  pay(): Promise<undefined> {
    const id = this.#next++ >>> 0;
    return new Promise((resolve) => {
      this.#running.set(id, { votes: 0, applied: 0, decided: () => resolve(undefined) });
      this.#signOne(); // the order
      this.#write(() => this.#sendAll('prepare', id));
    });
  }

  receive(from: PublicKey, bytes: Uint8Array): void {
    this.messages++;
    const tail = bytes.length - TAIL_BYTES;
    const id = new DataView(bytes.buffer, bytes.byteOffset + tail).getUint32(0);
    const step = STEPS[bytes[tail + 4]!]!;
    for (const document of this.#message(step).decoded) decode(document);
    if (step === 'vote') this.#onVote(id);
    else if (step === 'applied') this.#onApplied(id);
    else this.#onCoordinator(from, step, id);
  }

  async stop(): Promise<void> {
    await this.#transport.stop();
    await this.#store.close();
  }

  #onCoordinator(from: PublicKey, step: Step, id: number): void {
    if (step === 'prepare') {
      this.#signOne();
      this.#write(() => this.#send(from, 'vote', id));
      return;
    }
    // Of the certificate and of the acknowledgements, all but the own.
    for (let i = 0; i < this.#voters.length; i++) this.#verifyOne(i);
    if (step === 'commit') {
      this.#signOne();
      this.#write(() => this.#send(from, 'applied', id));
    } else {
      this.#write(quiet);
    }
  }

  #onVote(id: number): void {
    const running = this.#running.get(id)!;
    this.#verifyOne(running.votes);
    running.votes++;
    if (running.votes < this.#voters.length) {
      this.#write(quiet);
      return;
    }
    this.#signOne();
    this.#write(() => this.#sendAll('commit', id));
  }

  #onApplied(id: number): void {
    const running = this.#running.get(id)!;
    this.#verifyOne(running.applied);
    running.applied++;
    const first = running.applied === 1;
    const last = running.applied === this.#voters.length;
    if (first) this.#signOne();
    if (last) this.#running.delete(id);
    this.#write(() => {
      if (first) running.decided();
      if (last) this.#sendAll('relay', id);
    });
  }

  #signOne(): void {
    this.signatures++;
    this.#sign(signedText);
  }

  #verifyOne(voter: number): void {
    this.verifications++;
    const { publicKey, signature } = this.#voters[voter]!;
    if (!nativeVerify(publicKey, signedText, signature)) throw new Error(FAILED);
  }

  /** This step's part of the operations that a payment takes here. */
  #write(then: () => void): void {
    const ops: StoreOp[] = [];
    for (const due of this.#due) {
      due.carried += due.kind.perPayment / this.#unitsPerPayment;
      for (; due.carried >= 1; due.carried--) ops.push(this.#operation(due.kind));
    }
    void this.#store.write(ops).then(then);
  }

  #operation({ op, value }: FloorOp): StoreOp {
    const key = freshKey(op.key, this.#entries++);
    if (op.type === 'del') return { type: 'del', key };
    return { type: 'put', key, value: value === undefined ? op.value : encode(value) };
  }

  #sendAll(step: Step, id: number): void {
    const frame = this.#frame(step, id);
    for (const { publicKey } of this.#voters) this.#transport.send(publicKey, frame);
  }

  #send(to: PublicKey, step: Step, id: number): void {
    this.#transport.send(to, this.#frame(step, id));
  }

  #frame(step: Step, id: number): Uint8Array {
    const { frame, encoded } = this.#message(step);
    for (const value of encoded) encode(value);
    const bytes = new Uint8Array(frame.length + TAIL_BYTES);
    bytes.set(frame);
    new DataView(bytes.buffer).setUint32(frame.length, id);
    bytes[frame.length + 4] = STEPS.indexOf(step);
    return bytes;
  }

  /** What is relayed is another COMMIT. */
  #message(step: Step): FloorMessage {
    return this.#recipe![step === 'relay' ? 'commit' : step];
  }
}

const HASH_KEY = /^([a-z]+\/)[0-9a-f]{64}/;

/**
 * A key like `key` that was not used before. Records that the node names by a hash lie all over the key
 * range, and LevelDB has more to do with those than with what arrives in order.
 */
function freshKey(key: string, entry: number): string {
  const digits = String(entry).padStart(12, '0');
  const hash = HASH_KEY.exec(key);
  if (hash === null) return key.slice(0, -digits.length) + digits;
  const [head, prefix] = hash;
  // A multiplication by an odd number permutes the 32-bit numbers.
  const scattered = (Math.imul(entry, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
  return (
    prefix +
    scattered +
    digits +
    key.slice(prefix!.length + 20, head.length) +
    key.slice(head.length)
  );
}

function floorCalls(directory: string, index: number) {
  let node: FloorNode | undefined;
  return {
    async open() {
      node = await FloorNode.open(directory, index);
      return node.identity;
    },
    prepare: ({ all, recipe }: { all: readonly FloorIdentity[]; recipe: FloorRecipe }) =>
      node!.prepare(all, index, recipe),
    pay: (load: Load) => keepInFlight(load, () => node!.pay()),
    prepareAlone: (recipe: LoneRecipe) => node!.prepareAlone(recipe),
    payAlone: (load: Load) => keepInFlight(load, () => node!.payAlone()),
    tally: () => ({
      signatures: node!.signatures,
      verifications: node!.verifications,
      messagesIn: node!.messages,
      ...cpuSoFar(),
    }),
    close: () => node?.stop(),
  };
}

export type FloorCalls = ReturnType<typeof floorCalls>;

if (import.meta.main) serve(floorCalls(process.argv[2]!, Number(process.argv[3])));
