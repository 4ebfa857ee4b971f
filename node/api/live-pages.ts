/**
 * What several live streams of the same rights and topics read: each page of events is read, and written out as
 * bytes, once for all that stand at its beginning.
 */
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { Event, EventPage } from '../service/shapes/events.ts';

const EVENTS_PER_PAGE = 200;
/** First byte of a WebSocket message in one piece: the end of it, and text (RFC 6455). */
const WHOLE_TEXT = 0x81;

/** Some events in a row, in the forms in which streams send them; each form is made when it is first wanted. */
export class LivePage {
  readonly events: readonly Event[];
  /** Where the next page begins. */
  readonly cursor: string;
  #sse: Buffer | undefined;
  #frames: Buffer | undefined;

  constructor({ events, cursor }: EventPage) {
    this.events = events;
    this.cursor = cursor;
  }

  /** As server-sent events. */
  get sse(): Buffer {
    this.#sse ??= Buffer.from(
      this.events.map((event) => sseText('event', event.cursor, event)).join(''),
    );
    return this.#sse;
  }

  /** As WebSocket messages. A server's are not masked, so they are the same bytes for everyone. */
  get frames(): Buffer {
    this.#frames ??= Buffer.concat(
      this.events.map((event) => socketFrame(socketText('event', event))),
    );
    return this.#frames;
  }
}

export class LivePages {
  readonly #service: Pick<NodeService, 'events'>;
  readonly #source: LiveSource;
  /** Nothing: all of them. */
  readonly #topics: ReadonlySet<string> | undefined;
  /** By the cursor that they begin after: those that have been read since the newest event. */
  readonly #read = new Map<string, Promise<LivePage>>();
  readonly #followers = new Set<() => void>();
  #unfollow = () => {};

  constructor(
    service: Pick<NodeService, 'events'>,
    source: LiveSource,
    topics: string | undefined,
  ) {
    this.#service = service;
    this.#source = source;
    this.#topics = topics === undefined ? undefined : new Set(topics.split(',').map(trimmed));
  }

  /** Whether nobody follows them. */
  get isIdle(): boolean {
    return this.#followers.size === 0;
  }

  /** The same for the same topics. */
  get name(): string {
    return this.#topics === undefined ? '' : [...this.#topics].sort().join();
  }

  wants(topic: string): boolean {
    return this.#topics === undefined || this.#topics.has(topic);
  }

  /** Calls whenever there may be more. @returns ends it */
  follow(follower: () => void): () => void {
    if (this.isIdle) this.#unfollow = this.#source.follow(() => this.#renew());
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
      if (!this.isIdle) return;
      this.#unfollow();
      this.#read.clear();
    };
  }

  /** Finds the place to begin at. @throws GeoError as `events` */
  async begin(after: string | undefined): Promise<string> {
    // What is wrong with a cursor is told before the stream begins.
    const first = await this.#service.events({ ...this.#query(after), limit: 1 });
    return after ?? first.cursor;
  }

  /** What comes after a cursor: an empty page of the same cursor if nothing does. @throws GeoError as `events` */
  after(cursor: string): Promise<LivePage> {
    const known = this.#read.get(cursor);
    if (known !== undefined) return known;
    const query = { ...this.#query(cursor), limit: EVENTS_PER_PAGE };
    const page = this.#service.events(query).then((read) => new LivePage(read));
    // Without somebody who follows, nothing would tell when it is out of date.
    if (!this.isIdle) this.#read.set(cursor, page);
    return page;
  }

  #renew(): void {
    this.#read.clear();
    for (const follower of this.#followers) follower();
  }

  #query(after: string | undefined) {
    return {
      ...(after === undefined ? {} : { after }),
      ...(this.#topics === undefined ? {} : { topics: [...this.#topics].join() }),
    };
  }
}

function trimmed(topic: string): string {
  return topic.trim();
}

export function sseText(name: string, cursor: string | null, data: object): string {
  const id = cursor === null ? '' : `id: ${cursor}\n`;
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function socketText(name: string, data: object): string {
  return JSON.stringify({ type: name, ...data });
}

function socketFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([WHOLE_TEXT, length]), payload]);
  const head = Buffer.alloc(length < 0x1_0000 ? 4 : 10);
  head[0] = WHOLE_TEXT;
  head[1] = length < 0x1_0000 ? 126 : 127;
  if (length < 0x1_0000) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
