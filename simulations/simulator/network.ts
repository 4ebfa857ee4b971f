/**
 * A simulated network behind the Transport port: delay, loss, repetition, reordering, partitions in
 * one or both directions, slow hosts. What happens to a frame is decided by the seed, the link and
 * the frame's number on it (`chance.ts`).
 */
import type { PeerInfo, Transport, TransportHandlers } from '../../node/ports.ts';
import { type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { chance } from './chance.ts';
import type { VirtualTime } from './clock.ts';
import type { SeenHost } from './seen-host.ts';
import type { Watches } from './watch.ts';

/** How frames fare, while it lasts. Rates 0..1, times in ms. */
export interface Weather {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  readonly loss: number;
  readonly repeat: number;
  /** How many frames are held back, to be overtaken, and by how much at most. */
  readonly late: number;
  readonly lateMsMax: number;
}

export const FAIR: Weather = {
  delayMsMin: 1,
  delayMsMax: 15,
  loss: 0,
  repeat: 0,
  late: 0,
  lateMsMax: 0,
};

/** What a process brings to the network. */
interface Socket {
  readonly host: SeenHost;
  readonly handlers: TransportHandlers;
  readonly isAlive: () => boolean;
  readonly connected: Set<PublicKey>;
}

interface Passed {
  readonly from: SeenHost;
  readonly to: SeenHost;
  readonly frame: Uint8Array;
}

/** Frames that are remembered, to arrive once more. */
const MEMORY_MAX = 4_096;

/** Draws of one frame. */
const LOSS = 1;
const DELAY = 2;
const REPEAT = 3;
const LATE = 4;
const LATE_BY = 5;
const REPEAT_DELAY = 6;
const ECHO = 7;

export class SimulatedNetwork {
  weather: Weather = FAIR;
  /** Hosts whose frames take that many times as long, both ways. */
  readonly slow = new Map<number, number>();
  /** Frames of these kinds are lost, or are as late as is said. */
  hush:
    | {
        readonly matches: (to: number, frame: Uint8Array) => boolean;
        readonly lateMs?: number;
      }
    | undefined;
  /** Frames on their way that somebody honest sends or gets. */
  inFlight = 0;
  readonly #time: VirtualTime;
  readonly #watch: Watches;
  readonly #seed: number;
  readonly #hosts: ReadonlyMap<PublicKey, SeenHost>;
  readonly #sockets = new Map<SeenHost, Socket>();
  readonly #counts = new Map<number, number>();
  /** Frames that were handed in, for {@link echo}. */
  readonly #memory: Passed[] = [];
  /** Links that carry nothing, `from * 256 + to`. */
  readonly #cut = new Set<number>();

  constructor(
    time: VirtualTime,
    watch: Watches,
    seed: number,
    hosts: ReadonlyMap<PublicKey, SeenHost>,
  ) {
    this.#time = time;
    this.#watch = watch;
    this.#seed = seed;
    this.#hosts = hosts;
  }

  /** Cuts every link that `isCut` names; connections over it break. Nothing: all are whole. */
  partition(isCut: (from: number, to: number) => boolean = () => false): void {
    this.#cut.clear();
    for (const from of this.#hosts.values()) {
      for (const to of this.#hosts.values()) {
        if (from === to || !isCut(from.number, to.number)) continue;
        this.#cut.add(link(from, to));
        this.#disconnect(from, to);
      }
    }
  }

  /**
   * Lets that many frames of the past arrive once more.
   * @param name keeps one echo's luck from another's
   */
  echo(frames: number, name: number, isWanted: (frame: Uint8Array) => boolean): void {
    const wanted = this.#memory.filter(({ frame }) => isWanted(frame));
    for (let i = 0; i < frames; i++) {
      const at = Math.floor(chance(this.#seed, ECHO, name, i) * wanted.length);
      const passed = wanted[at];
      if (passed !== undefined) this.#carry(passed.from, passed.to, passed.frame, i);
    }
  }

  /** The port of one process. */
  transport(host: SeenHost, isAlive: () => boolean): Transport {
    const own = host.identity.publicKey;
    return {
      start: async (handlers) => {
        this.#sockets.set(host, { host, handlers, isAlive, connected: new Set() });
      },
      stop: async () => this.unplug(host),
      send: (to, frame) => {
        if (isAlive() && to !== own) this.#send(host, to, frame);
      },
      connect: async (address) => {
        const found = [...this.#hosts.values()].find((each) => each.address === address);
        if (found === undefined) throw new Error(`nobody is at ${address}`);
        return found.identity.publicKey;
      },
      remember: () => undefined,
      hear: () => undefined,
      resolve: async (pid) => {
        for (const [publicKey, { address }] of this.#hosts) {
          if (pidFromPublicKey(publicKey) === pid) return { publicKey, addresses: [address] };
        }
        return undefined;
      },
      addresses: () => [host.address],
      peers: () => this.#peersOf(host),
    };
  }

  /** The process has gone: its connections break. */
  unplug(host: SeenHost): void {
    const socket = this.#sockets.get(host);
    if (socket === undefined) return;
    this.#sockets.delete(host);
    for (const peer of socket.connected) {
      const other = this.#sockets.get(this.#hosts.get(peer)!);
      if (other?.connected.delete(host.identity.publicKey)) {
        this.#later(other, () => other.handlers.disconnected(host.identity.publicKey));
      }
    }
  }

  /** Hands a frame to the network in the name of a host; adversaries come in here too. */
  #send(from: SeenHost, to: PublicKey, frame: Uint8Array): void {
    const host = this.#hosts.get(to);
    this.#watch.sent(from, host, frame);
    if (host === undefined) {
      this.#watch.dropped(from, host, frame, 'nobody there');
      return;
    }
    if (this.#memory.length < MEMORY_MAX) this.#memory.push({ from, to: host, frame });
    const { weather } = this;
    const way = link(from, host);
    const number = (this.#counts.get(way) ?? 0) + 1;
    this.#counts.set(way, number);
    const draw = (what: number) => chance(this.#seed, way, number, what);
    const hushed = this.hush?.matches(host.number, frame) === true ? this.hush : undefined;
    const isHushed = hushed !== undefined && hushed.lateMs === undefined;
    if (isHushed || (weather.loss > 0 && draw(LOSS) < weather.loss)) {
      this.#watch.dropped(from, host, frame, 'lost');
      return;
    }
    const slowness = Math.max(this.slow.get(from.number) ?? 1, this.slow.get(host.number) ?? 1);
    const span = weather.delayMsMax - weather.delayMsMin;
    const delay = (weather.delayMsMin + draw(DELAY) * span) * slowness + (hushed?.lateMs ?? 0);
    const late = weather.late > 0 && draw(LATE) < weather.late;
    this.#carry(from, host, frame, late ? delay + draw(LATE_BY) * weather.lateMsMax : delay);
    if (weather.repeat > 0 && draw(REPEAT) < weather.repeat) {
      this.#carry(from, host, frame, delay + draw(REPEAT_DELAY) * (span + weather.lateMsMax));
    }
  }

  #carry(from: SeenHost, to: SeenHost, frame: Uint8Array, delayMs: number): void {
    // Two who keep no rule may go on for ever between them.
    const counts = !(from.isHostile && to.isHostile);
    if (counts) this.inFlight++;
    this.#time.after(delayMs, () => {
      if (counts) this.inFlight--;
      const socket = this.#sockets.get(to);
      if (this.#cut.has(link(from, to))) {
        this.#watch.dropped(from, to, frame, 'cut off');
      } else if (socket === undefined || !socket.isAlive()) {
        this.#watch.dropped(from, to, frame, 'nobody there');
      } else {
        this.#connect(from, socket);
        this.#watch.delivered(from, to, frame);
        socket.handlers.frame(from.identity.publicKey, frame);
      }
    });
  }

  #connect(from: SeenHost, to: Socket): void {
    const key = from.identity.publicKey;
    if (to.connected.has(key)) return;
    const back = this.#sockets.get(from);
    to.connected.add(key);
    to.handlers.connected(key);
    if (back === undefined || back.connected.has(to.host.identity.publicKey)) return;
    back.connected.add(to.host.identity.publicKey);
    this.#later(back, () => back.handlers.connected(to.host.identity.publicKey));
  }

  #disconnect(from: SeenHost, to: SeenHost): void {
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      const socket = this.#sockets.get(a);
      const key = b.identity.publicKey;
      if (socket?.connected.delete(key)) {
        this.#later(socket, () => socket.handlers.disconnected(key));
      }
    }
  }

  #later(socket: Socket, task: () => void): void {
    this.#time.after(0, () => {
      if (socket.isAlive()) task();
    });
  }

  #peersOf(host: SeenHost): PeerInfo[] {
    const socket = this.#sockets.get(host);
    return [...(socket?.connected ?? [])].map((publicKey) => ({
      publicKey,
      connected: true,
      addresses: [this.#hosts.get(publicKey)!.address],
    }));
  }
}

function link(from: SeenHost, to: SeenHost): number {
  return from.number * 256 + to.number;
}
