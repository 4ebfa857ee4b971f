/** One live stream: reads the event log from a cursor on, as fast as its sink takes it and no faster. */
import { GeoError } from '../../protocol/errors.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { Event } from '../service/shapes/events.ts';
import type { LivePage, LivePages } from './live-pages.ts';

/** Between two signs of life, ms. */
const HEARTBEAT_MS = 15_000;
/** How long a client may take no byte, ms. Then it is closed; its cursor stays good. */
const STALL_MS_MAX = 20_000;
/**
 * How long a stream rests after events, ms. The first goes out at once; in a burst all that come meanwhile
 * go together, in one write.
 */
const REST_MS = 50;

/** Where a stream goes. */
export interface LiveSink {
  isOpen(): boolean;
  /** @returns false when it should be waited for `drained` */
  send(
    name: 'event' | 'heartbeat',
    cursor: string | null,
    data: Event | { readonly cursor: string },
  ): boolean;
  /** All events of the page. @returns as `send` */
  sendPage(page: LivePage): boolean;
  drained(): Promise<unknown>;
  /** Says why, if there is a reason to give, and ends. */
  close(error?: GeoError): void;
}

/** What a stream reads from. */
export interface LiveBehind {
  readonly service: Pick<NodeService, 'events'>;
  readonly source: LiveSource;
  /** Called before anything is read for the client. @throws GeoError why it may read no more */
  readonly requireOpen: () => void;
}

export class LiveReader {
  readonly #pages: LivePages;
  readonly #source: LiveSource;
  readonly #requireOpen: () => void;
  readonly #endings: (() => void)[] = [];
  #cursor: string;
  #stopped = false;
  #wake: () => void = () => undefined;
  /** Peers whose state has changed since it was sent; the newest one counts. */
  readonly #peers = new Map<string, boolean>();
  #heartbeatDue = false;

  /** @param begin cursor after which to begin */
  constructor(pages: LivePages, { source, requireOpen }: LiveBehind, begin: string) {
    this.#pages = pages;
    this.#source = source;
    this.#requireOpen = requireOpen;
    this.#cursor = begin;
  }

  /** Resolves when the stream was stopped. @throws GeoError `cursor_too_old`, `slow_client`, and as `requireOpen` */
  async run(sink: LiveSink): Promise<void> {
    this.#endings.push(this.#pages.follow(() => this.#wake()));
    if (this.#pages.wants('peer.state')) this.#followPeers();
    // The first heartbeat says at once where the stream begins.
    this.#heartbeatDue = true;
    while (!this.#stopped) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#requireOpen();
      const hasSent = await this.#catchUp(sink);
      if (this.#heartbeatDue) {
        this.#heartbeatDue = false;
        const cursor = this.#cursor;
        await this.#taken(sink, sink.send('heartbeat', cursor, { cursor }));
      }
      if (hasSent) await this.#rest();
      const cancel = this.#source.clock.after(HEARTBEAT_MS, () => {
        this.#heartbeatDue = true;
        this.#wake();
      });
      await woken;
      cancel();
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const end of this.#endings.splice(0)) end();
    this.#wake();
  }

  /** @returns whether there was an event */
  async #catchUp(sink: LiveSink): Promise<boolean> {
    let hasSent = false;
    while (!this.#stopped) {
      const page = await this.#pages.after(this.#cursor);
      if (page.events.length > 0) {
        hasSent = true;
        await this.#taken(sink, sink.sendPage(page));
      }
      const isEnd = page.cursor === this.#cursor;
      this.#cursor = page.cursor;
      for (const [peer, connected] of [...this.#peers]) {
        this.#peers.delete(peer);
        await this.#taken(sink, sink.send('event', null, this.#peerState(peer, connected)));
      }
      if (isEnd) break;
    }
    return hasSent;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => this.#source.clock.after(REST_MS, resolve));
  }

  /** @param isTaken whether what was sent needs no waiting for */
  async #taken(sink: LiveSink, isTaken: boolean): Promise<void> {
    if (this.#stopped || isTaken) return;
    const stalled = Promise.withResolvers<'stalled'>();
    const cancel = this.#source.clock.after(STALL_MS_MAX, () => stalled.resolve('stalled'));
    const outcome = await Promise.race([sink.drained(), stalled.promise]);
    cancel();
    if (outcome !== 'stalled') return;
    throw new GeoError(
      'E007',
      'The client did not read its events for too long. Go on from the cursor of the last one that it has.',
      { fault: 'slow_client' },
    );
  }

  #followPeers(): void {
    for (const peer of this.#source.connected()) this.#peers.set(peer, true);
    this.#endings.push(
      this.#source.followPeers((peer, connected) => {
        this.#peers.set(peer, connected);
        this.#wake();
      }),
    );
  }

  #peerState(peer: string, connected: boolean): Event {
    return {
      cursor: null,
      topic: 'peer.state',
      time: new Date(this.#source.clock.now()).toISOString(),
      tx_id: null,
      peer,
      role: null,
      state: connected ? 'connected' : 'disconnected',
      equivalent: null,
      amount: null,
      ms: null,
      reason: null,
      text: null,
    };
  }
}
