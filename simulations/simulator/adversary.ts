/**
 * A participant that keeps no rule. It owns a key and runs a real node, so that it gets deep into
 * payments; but it changes what that node says, signs what excludes what it has signed, makes frames
 * up, forges, repeats and floods. What honest nodes may still rely on stands in docs/PROTOCOL.md,
 * "Commit rules"; the checkers hold them to exactly that.
 */
import type { Transport } from '../../node/ports.ts';
import { hashFromBytes, hashOf, type PublicKey } from '../../protocol/identity/pid.ts';
import { type CborMap, decode, encode } from '../../protocol/wire/cbor.ts';
import { bareFrame, seal, signedFrame } from '../../protocol/wire/envelope.ts';
import type { MessageName } from '../../protocol/wire/message-types.ts';
import type { EvidenceBundle } from '../../protocol/wire/messages/evidence.ts';
import { bodyOf, NAMES, partOf, type ReadFrame, readFrame } from '../checkers/frames.ts';
import { payloadOf } from '../checkers/reading.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { alteredWord, unaskedWord } from './bad-consents.ts';
import { alteredManifest } from './bad-manifests.ts';
import { alteredReport } from './bad-reports.ts';
import { chance } from './chance.ts';
import type { Host } from './host.ts';
import { type Known, knownOf } from './known-attempt.ts';

/** Messages beside attempts, of which it may sign another version. */
const SIGNED_BY_ITSELF: ReadonlySet<ReadFrame['name']> = new Set([
  'CLEARING_ACCEPT',
  'CLEARING_PROPOSE',
  'EDGE_REPORT',
]);
const MEMORY_MAX = 200;
const FLOOD_FRAMES = 60;
/** Frames that it makes up in one run. Every one is answered, and the answers give it ideas. */
const MADE_UP_MAX = 800;

export class Adversary {
  readonly #host: Host;
  readonly #others: readonly PublicKey[];
  readonly #seed: number;
  /** Made anew for every frame, so that one frame less does not change its mind about the next. */
  #random: SeededRandom;
  readonly #counts = new Map<string, number>();
  readonly #attempts = new Map<string, Known>();
  readonly #heard: Uint8Array[] = [];
  #transport: Transport | undefined;
  #madeUp = 0;

  constructor(host: Host, others: readonly PublicKey[], seed: number) {
    this.#host = host;
    this.#others = others;
    this.#seed = seed;
    this.#random = seededRandom(host.number);
  }

  /** Stands between its node and the network. */
  disguise(transport: Transport): Transport {
    this.#transport = transport;
    return {
      ...transport,
      start: (handlers) =>
        transport.start({
          ...handlers,
          frame: (from, bytes) => {
            this.#hear(bytes);
            handlers.frame(from, bytes);
          },
        }),
      send: (to, frame) => this.#say(to, frame),
    };
  }

  /** Its mind about a frame depends on the payment, the message and who is at the other end. */
  #think(about: string): void {
    const count = (this.#counts.get(about) ?? 0) + 1;
    this.#counts.set(about, count);
    const names = [...about].map((letter) => letter.charCodeAt(0));
    const drawn = chance(this.#seed, this.#host.number, count, ...names);
    this.#random = seededRandom(Math.floor(drawn * 2 ** 32));
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #send(to: PublicKey, frame: Uint8Array): void {
    this.#transport?.send(to, frame);
  }

  #makeUp(to: PublicKey, frame: Uint8Array): void {
    this.#madeUp++;
    this.#send(to, frame);
  }

  /** What its node wants to send; more often than not it goes out as it is. */
  #say(to: PublicKey, bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (SIGNED_BY_ITSELF.has(frame.name)) {
      this.#think(`say ${frame.name} ${to.slice(0, 8)}`);
      const alter = frame.name === 'EDGE_REPORT' ? alteredReport : alteredWord;
      if (this.#chance(50)) {
        this.#send(to, alter(frame, this.#random, this.#host.identity, this.#others));
      }
      this.#send(to, bytes);
      return;
    }
    const known = this.#learn(frame);
    if (known === undefined) {
      this.#send(to, bytes);
      return;
    }
    this.#think(`say ${frame.name} ${known.about.tx.slice(0, 8)} ${to.slice(0, 8)}`);
    switch (partOf(frame.name) ?? frame.name) {
      case 'prepare':
        this.#prepare(to, bytes, frame);
        return;
      case 'vote':
        this.#vote(to, bytes, known);
        return;
      case 'commit':
        this.#commit(to, bytes, known);
        return;
      case 'applied':
        this.#applied(to, bytes, known);
        return;
      case 'STATUS_REPLY':
        this.#reply(to, bytes, frame, known);
        return;
      default:
        if (!this.#chance(10)) this.#send(to, bytes);
    }
  }

  /** Different manifests to different voters: wrong sums, loops, other amounts, another attempt. */
  #prepare(to: PublicKey, bytes: Uint8Array, frame: ReadFrame): void {
    if (!this.#chance(25)) {
      this.#send(to, bytes);
      return;
    }
    const body = bodyOf(frame);
    const manifest = alteredManifest(
      body.manifest as Uint8Array,
      this.#random,
      this.#host.identity,
    );
    this.#send(to, reframe(bytes, encode({ ...body, manifest })));
    // Sometimes the voter gets both.
    if (this.#chance(50)) this.#send(to, bytes);
  }

  /** YES to the coordinator, NO to others; or silence; or first one, then the other. */
  #vote(to: PublicKey, bytes: Uint8Array, known: Known): void {
    if (this.#chance(10)) return;
    this.#send(to, bytes);
    if (known.kind === 'clearing' && this.#chance(40)) {
      this.#send(to, unaskedWord(known.about.tx, this.#random, this.#host.identity));
    }
    if (!this.#chance(30)) return;
    const no = this.#statement(NAMES.vote[known.kind], { ...known.about, yes: false });
    const yes = this.#statement(NAMES.vote[known.kind], { ...known.about, yes: true });
    const votes = [this.#chance(50) ? no : yes];
    const frame = bareFrame(NAMES.abort[known.kind], {
      ...known.about,
      evidence: bundle({ votes }),
    });
    for (const voter of known.voters) if (this.#chance(60)) this.#send(voter, frame);
  }

  /** As coordinator: the certificate for some, a NO of its own for the others. */
  #commit(to: PublicKey, bytes: Uint8Array, known: Known): void {
    if (!this.#chance(35)) {
      this.#send(to, bytes);
      return;
    }
    const votes = [this.#statement(NAMES.vote[known.kind], { ...known.about, yes: false })];
    this.#send(
      to,
      bareFrame(NAMES.abort[known.kind], { ...known.about, evidence: bundle({ votes }) }),
    );
  }

  /** Applied and withdrawn, for whoever likes to hear which. */
  #applied(to: PublicKey, bytes: Uint8Array, known: Known): void {
    if (this.#chance(20)) return;
    // It has agreed, and it has got what it agreed to.
    if (known.kind === 'clearing' && this.#chance(40)) {
      this.#send(to, unaskedWord(known.about.tx, this.#random, this.#host.identity));
    }
    if (this.#chance(25)) {
      const withdrawals = [this.#statement('WITHDRAW', known.about)];
      const frame = bareFrame(NAMES.abort[known.kind], {
        ...known.about,
        evidence: bundle({ withdrawals }),
      });
      for (const voter of known.voters) if (this.#chance(50)) this.#send(voter, frame);
    }
    this.#send(to, bytes);
  }

  #reply(to: PublicKey, bytes: Uint8Array, frame: ReadFrame, known: Known): void {
    if (!this.#chance(35)) {
      this.#send(to, bytes);
      return;
    }
    const stance = this.#random.pick([
      'open',
      'doubt',
      'withdrawn',
      'committed',
      'aborted',
    ] as const);
    const round = Number(bodyOf(frame).round);
    const withdrawals = this.#chance(30) ? [this.#statement('WITHDRAW', known.about)] : [];
    const evidence = bundle({ withdrawals });
    this.#send(to, bareFrame('STATUS_REPLY', { ...known.about, round, stance, evidence }));
  }

  #hear(bytes: Uint8Array): void {
    if (this.#heard.length < MEMORY_MAX) this.#heard.push(bytes);
    else this.#heard[this.#random.below(MEMORY_MAX)] = bytes;
    const frame = readFrame(bytes);
    const known = this.#learn(frame);
    if (this.#madeUp >= MADE_UP_MAX) return;
    this.#think(`hear ${frame.name} ${known?.about.tx.slice(0, 8) ?? ''}`);
    if (known !== undefined && this.#chance(6)) this.#forge(known);
    if (this.#chance(4)) this.#repeat();
    if (this.#chance(1)) this.#flood();
  }

  /** A whole certificate, an outcome and withdrawals in the names of others, signed by nobody. */
  #forge(known: Known): void {
    const nobody = () => this.#random.bytes(64);
    const { about } = known;
    const sign = known.voters.map((key) =>
      key === this.#host.identity.publicKey
        ? (message: Uint8Array) => this.#host.identity.signer.sign(message)
        : nobody,
    );
    const each = <T>(make: (key: PublicKey, by: (m: Uint8Array) => Uint8Array) => T) =>
      known.voters.map((key, i) => make(key, sign[i]!));
    const yes = this.#chance(70);
    const votes = each((key, by) => seal(NAMES.vote[known.kind], { ...about, yes }, key, by));
    const applied = each((key, by) =>
      seal(NAMES.applied[known.kind], { ...about, first_hand: true }, key, by),
    );
    const withdrawals = each((key, by) => seal('WITHDRAW', about, key, by));
    const evidence = this.#random.pick([
      bundle({ votes }),
      bundle({ votes, applied }),
      bundle({ withdrawals }),
    ]);
    const frame = bareFrame(NAMES.commit[known.kind], { ...about, evidence });
    for (const voter of known.voters) this.#makeUp(voter, frame);
    this.#misname(known, votes);
    this.#hurry(known);
    this.#outOfTurn(known);
    const victim = this.#random.pick(known.voters);
    this.#makeUp(
      this.#random.pick(known.voters),
      signedFrame('WITHDRAW', seal('WITHDRAW', about, victim, nobody)),
    );
  }

  /** Asks for the outcome, and to withdraw, long before anybody's time has run out. */
  #hurry({ manifest, voters }: Known): void {
    const evidence = bundle({});
    const asks = [
      bareFrame('WITHDRAW_REQUEST', { manifest, evidence }),
      bareFrame('STATUS_QUERY', { manifest, round: 1, evidence }),
    ];
    for (const voter of voters) if (this.#chance(50)) this.#makeUp(voter, this.#random.pick(asks));
  }

  /** As coordinator: the next attempt, or a changed one, whatever became of the last. */
  #outOfTurn({ kind, manifest, voters }: Known): void {
    if (voters.at(-1) !== this.#host.identity.publicKey) return;
    const next = alteredManifest(manifest, this.#random, this.#host.identity);
    const body = { manifest: next, contacts: [] };
    const frame =
      kind === 'payment' ? bareFrame('PAYMENT_PREPARE', body) : bareFrame('CLEARING_PREPARE', body);
    for (const voter of voters) this.#makeUp(voter, frame);
  }

  /** An attempt's manifest under the name of another that nobody knows. */
  #misname(known: Known, votes: Uint8Array[]): void {
    const heard = known.certificate ?? votes;
    const manifest = hashOf(this.#random.bytes(8));
    const evidence = bundle({ votes: heard });
    const frame = bareFrame(NAMES.commit[known.kind], {
      ...known.about,
      manifest,
      bytes: known.manifest,
      evidence,
    });
    for (const voter of known.voters) this.#makeUp(voter, frame);
  }

  /** What others said, once more, in its own name. */
  #repeat(): void {
    if (this.#heard.length === 0) return;
    for (let i = 0; i < 3; i++) {
      this.#makeUp(this.#random.pick(this.#others), this.#random.pick(this.#heard));
    }
  }

  /** Frames that mean nothing, and halves of frames. */
  #flood(): void {
    const to = this.#random.pick(this.#others);
    for (let i = 0; i < FLOOD_FRAMES; i++) {
      const heard = this.#heard[this.#random.below(Math.max(1, this.#heard.length))];
      const whole = heard ?? new Uint8Array(0);
      const damaged = whole.slice();
      if (damaged.length > 0)
        damaged[this.#random.below(damaged.length)]! ^= 1 << this.#random.below(8);
      const half = whole.subarray(0, this.#random.below(whole.length + 1));
      this.#makeUp(to, this.#random.pick([damaged, half, this.#random.bytes(20)]));
    }
  }

  #statement<N extends MessageName>(type: N, body: Parameters<typeof seal<N>>[1]): Uint8Array {
    const { publicKey, signer } = this.#host.identity;
    return seal(type, body, publicKey, (message) => signer.sign(message));
  }

  /** Remembers the attempt that a frame is about, if it carries the manifest; finds it otherwise. */
  #learn(frame: ReadFrame): Known | undefined {
    switch (partOf(frame.name) ?? frame.name) {
      case 'prepare':
      case 'STATUS_QUERY':
      case 'WITHDRAW_REQUEST':
        return readable(() => {
          const manifest = bodyOf(frame).manifest as Uint8Array;
          const name = hashOf(manifest);
          const known = this.#attempts.get(name) ?? knownOf(manifest);
          this.#attempts.set(name, known);
          return known;
        });
      case 'commit':
      case 'abort':
      case 'STATUS_REPLY':
        return readable(() => {
          const body = bodyOf(frame);
          const known = this.#find(body);
          const { votes } = body.evidence as unknown as EvidenceBundle;
          if (known !== undefined && votes.length >= known.voters.length) {
            known.certificate = [...votes];
          }
          return known;
        });
      case 'vote':
      case 'applied':
      case 'WITHDRAW':
        return readable(() => this.#find(decode(payloadOf(frame.body)) as CborMap));
      default:
        return undefined;
    }
  }

  #find(body: CborMap): Known | undefined {
    return this.#attempts.get(hashFromBytes(body.manifest as Uint8Array));
  }
}

/** Other hostile hosts send what nobody can read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function bundle(part: Partial<EvidenceBundle>): EvidenceBundle {
  return { votes: [], withdrawals: [], applied: [], ...part };
}

/** The same message with another body. */
function reframe(frame: Uint8Array, body: Uint8Array): Uint8Array {
  const [number] = decode(frame) as readonly [number, Uint8Array];
  return encode([number, body]);
}
