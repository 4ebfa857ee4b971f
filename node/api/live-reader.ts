/** One live stream: reads the event log from a cursor on, as fast as its sink takes it and no faster. */
import { GeoError } from '../../protocol/errors.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { Event } from '../service/shapes/events.ts';

/** Between two signs of life, ms. */
const HEARTBEAT_MS = 15_000;
/** How long a client may take no byte, ms. Then it is closed; its cursor stays good. */
const STALL_MS_MAX = 20_000;
const EVENTS_PER_READ = 200;

/** Where a stream goes. */
export interface LiveSink {
  isOpen(): boolean;
  /** @returns false when it should be waited for `drained` */
  send(
    name: 'event' | 'heartbeat',
    cursor: string | null,
    data: Event | { readonly cursor: string },
  ): boolean;
  drained(): Promise<unknown>;
  /** Says why, if there is a reason to give, and ends. */
  close(error?: GeoError): void;
}

export class LiveReader {
  readonly #service: NodeService;
  readonly #source: LiveSource;
  readonly #topics: string | undefined;
  readonly #endings: (() => void)[] = [];
  #cursor = '';
  #stopped = false;
  #wake: () => void = () => undefined;
  /** Peers whose state has changed since it was sent; the newest one counts. */
  readonly #peers = new Map<string, boolean>();
  #heartbeatDue = false;

  constructor(service: NodeService, source: LiveSource, topics: string | undefined) {
    this.#service = service;
    this.#source = source;
    this.#topics = topics;
  }

  /** Finds the place to begin at. @throws GeoError as `events` */
  async begin(after: string | undefined): Promise<void> {
    if (after !== undefined && after !== 'oldest') {
      // Read once for its refusals; the events come with the first turn of the loop.
      await this.#service.events({ ...this.#query(after), limit: 1 });
      this.#cursor = after;
      return;
    }
    const { cursor } = await this.#service.events(this.#query(after));
    this.#cursor = after === 'oldest' ? after : cursor;
  }

  /** Resolves when the stream was stopped. @throws GeoError `cursor_too_old`, `slow_client` */
  async run(sink: LiveSink): Promise<void> {
    this.#endings.push(this.#source.follow(() => this.#wake()));
    if (this.#wants('peer.state')) this.#followPeers();
    // The first heartbeat says at once where the stream begins.
    this.#heartbeatDue = true;
    while (!this.#stopped) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#catchUp(sink);
      if (this.#heartbeatDue) {
        this.#heartbeatDue = false;
        await this.#send(sink, 'heartbeat', this.#cursor, { cursor: this.#cursor });
      }
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

  async #catchUp(sink: LiveSink): Promise<void> {
    while (!this.#stopped) {
      const { events, cursor } = await this.#service.events(this.#query(this.#cursor));
      for (const event of events) await this.#send(sink, 'event', event.cursor, event);
      const isEnd = cursor === this.#cursor;
      this.#cursor = cursor;
      for (const [peer, connected] of [...this.#peers]) {
        this.#peers.delete(peer);
        await this.#send(sink, 'event', null, this.#peerState(peer, connected));
      }
      if (isEnd) return;
    }
  }

  async #send(
    sink: LiveSink,
    name: 'event' | 'heartbeat',
    cursor: string | null,
    data: Event | { readonly cursor: string },
  ): Promise<void> {
    if (this.#stopped || sink.send(name, cursor, data)) return;
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

  #wants(topic: string): boolean {
    return this.#topics === undefined || this.#topics.split(',').includes(topic);
  }

  #query(after: string | undefined) {
    return {
      limit: EVENTS_PER_READ,
      ...(after === undefined ? {} : { after }),
      ...(this.#topics === undefined ? {} : { topics: this.#topics }),
    };
  }
}
