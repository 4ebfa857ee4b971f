/**
 * One life of an add-on's thread, from its start to its end. Every call has a time limit, and the
 * thread must answer a ping now and then: a loop that never ends is ended from outside.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { AddonThread, AddonThreads, Clock, Log } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { NodeSettings } from '../settings.ts';
import { TokenBucket } from '../token-bucket.ts';
import { readArgument } from './arguments.ts';
import type { AddonBooks, AddonSpace } from './books.ts';
import { type Capability, opens } from './capabilities.ts';
import { Conversation, Unanswered } from './conversation.ts';
import { feed } from './feed.ts';
import {
  Answered,
  type Caller,
  Declared,
  FromThread,
  type Note,
  Offered,
  type Order,
  type Question,
  UNFIT,
  type Word,
} from './messages.ts';
import type { Readings } from './readings.ts';
import { Turnstile } from './turnstile.ts';

export interface RunContext {
  readonly settings: NodeSettings['addons'];
  readonly clock: Clock;
  readonly log: Log;
  readonly service: () => NodeService;
  readonly live: LiveSource;
  readonly books: AddonBooks;
  readonly threads: AddonThreads;
  readonly readings: Readings;
  readonly granted: readonly Capability[];
  /** The thread is of no more use. */
  readonly onFailed: (run: Run, reason: string) => void;
  /** A route or a job threw. */
  readonly onCallFailed: () => void;
}

export interface Offers {
  readonly declared: Declared;
  readonly offered: Offered;
}

/** What a client of a WebSocket hears. */
export interface SocketEnd {
  send(text: string): void;
  end(): void;
}

/** Calls that may be under way in one thread; further ones are refused. */
const CALLS_MAX = 64;
/** WebSockets of one add-on. */
const SOCKETS_MAX = 200;
/** Messages of a thread that are listened to; a thread that says more is ended. */
const MESSAGES = { perSecond: 10_000, burst: 20_000 };
/** Questions of a thread that are answered at one time, and that may wait. */
const QUESTIONS = { atOnce: 4, waiting: 1_000 };
/** Lines that it may log; more are dropped. */
const LINES = { perSecond: 50, burst: 200 };
/** How long it may take over its goodbye, ms. */
const STOP_MS = 2_000;

export class Run {
  readonly #context: RunContext;
  readonly #thread: AddonThread;
  readonly #conversation: Conversation<Order, Word>;
  readonly #messages: TokenBucket;
  readonly #lines: TokenBucket;
  readonly #cancels = new Set<() => void>();
  readonly #sockets = new Map<number, SocketEnd>();
  readonly #questions = new Turnstile(QUESTIONS.atOnce, QUESTIONS.waiting);
  #space: AddonSpace | undefined;
  #declared: Declared | undefined;
  #offered: Offered | undefined;
  #isOver = false;
  #lastSocket = 0;

  constructor(context: RunContext) {
    this.#context = context;
    const now = context.clock.now();
    this.#messages = new TokenBucket(MESSAGES, now);
    this.#lines = new TokenBucket(LINES, now);
    const { heap_bytes_max: heapBytesMax } = context.settings;
    this.#thread = context.threads.start(
      { heapBytesMax },
      { message: (message) => this.#hear(message), ended: (reason) => this.#fail(reason) },
    );
    this.#conversation = new Conversation((message) => this.#thread.send(message));
    this.#watch();
  }

  get storedBytes(): number {
    return this.#space?.bytes ?? 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws Unanswered what is wrong with the module or its config */
  async load(module: string, config: unknown): Promise<Declared> {
    const declared = Declared.parse(await this.#ask({ kind: 'load', module, config }));
    this.#space = await this.#context.books.open(declared.name);
    this.#declared = declared;
    return declared;
  }

  /** @throws Unanswered what its setup threw */
  async setUp(): Promise<Offered> {
    const offered = Offered.parse(await this.#ask({ kind: 'setup' }));
    const mayHear = this.#declared?.capabilities.includes('events') ?? false;
    if (offered.topics.length > 0 && !mayHear) {
      throw new Unanswered('it listens to events without declaring the capability "events"');
    }
    this.#offered = offered;
    return offered;
  }

  /** Jobs and events, once it is set up. */
  begin(): void {
    const { jobs, topics } = this.#offered!;
    for (const job of jobs) this.#runJob(job);
    if (topics.length === 0) return;
    const { books, service, live, clock, log } = this.#context;
    const name = this.#declared!.name;
    feed({
      name,
      topics,
      books,
      service: service(),
      live,
      clock,
      log,
      isOver: () => this.#isOver,
      deliver: (event) => this.#ask({ kind: 'event', event }),
      tellGap: () => this.#ask({ kind: 'gap' }),
    }).catch((error: unknown) => this.#fail(`an event was not heard: ${reasonOf(error)}`));
  }

  get offered(): Offered {
    return this.#offered!;
  }

  /** @throws GeoError E009 `bad_request` as the route's own shapes have it, E008 `addon_failed` | `addon_busy`, E007 `addon_silent` */
  async answer(
    route: number,
    request: {
      readonly caller: Caller | null;
      readonly params: Readonly<Record<string, string>>;
      readonly query: Readonly<Record<string, string>>;
      readonly body: unknown;
    },
  ): Promise<Answered> {
    if (this.#conversation.open >= CALLS_MAX) {
      throw new GeoError('E008', 'The add-on has too much to do; try again later.', {
        fault: 'addon_busy',
      });
    }
    try {
      return Answered.parse(await this.#ask({ kind: 'route', route, ...request }));
    } catch (error) {
      if (error instanceof Unanswered && error.fault === UNFIT) {
        throw invalid('bad_request', error.message);
      }
      this.#context.onCallFailed();
      if (this.#isOver) {
        throw new GeoError('E007', 'The add-on did not answer, and is started again.', {
          fault: 'addon_silent',
        });
      }
      const reason = reasonOf(error);
      this.#context.log.warn({ addon: this.#declared?.name, reason }, 'a route of an add-on threw');
      throw new GeoError('E008', `The add-on failed: ${reason}`, { fault: 'addon_failed' });
    }
  }

  /** A client has opened a WebSocket. @returns its number. @throws GeoError E008 `addon_busy` */
  openSocket(
    path: number,
    {
      caller,
      query,
    }: { readonly caller: Caller | null; readonly query: Readonly<Record<string, string>> },
    end: SocketEnd,
  ): number {
    if (this.#sockets.size >= SOCKETS_MAX) {
      throw new GeoError('E008', 'The add-on has too many sockets open; try again later.', {
        fault: 'addon_busy',
      });
    }
    const socket = ++this.#lastSocket;
    this.#sockets.set(socket, end);
    this.#conversation.tell({ kind: 'socket-open', socket, path, caller, query });
    return socket;
  }

  hearSocket(socket: number, text: string): void {
    if (this.#sockets.has(socket)) this.#conversation.tell({ kind: 'socket-text', socket, text });
  }

  closeSocket(socket: number): void {
    if (this.#sockets.delete(socket)) this.#conversation.tell({ kind: 'socket-end', socket });
  }

  /** Lets it say goodbye, for a little while. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#cancelAll();
    const { clock } = this.#context;
    const bye = this.#offered === undefined ? undefined : this.#conversation.ask({ kind: 'stop' });
    if (bye !== undefined) {
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(STOP_MS, late.resolve);
      await Promise.race([bye.catch(() => undefined), late.promise]);
      cancel();
    }
    await this.end();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#cancelAll();
    for (const socket of this.#sockets.values()) socket.end();
    this.#sockets.clear();
    this.#conversation.end('the add-on has ended');
    await this.#thread.end();
  }

  /** A question with a time limit: who does not answer has failed. */
  #ask(order: Order): Promise<unknown> {
    if (this.#isOver) return Promise.reject(new Unanswered('the add-on has ended'));
    const { call_ms_max: limit } = this.#context.settings;
    const cancel = this.#after(limit, () => {
      this.#fail(`it did not answer within ${limit} ms (${order.kind})`);
    });
    return this.#conversation.ask(order).finally(cancel);
  }

  #watch(): void {
    const { hang_ms: limit } = this.#context.settings;
    const late = this.#after(limit, () => this.#fail(`it did not react for ${limit} ms`));
    this.#conversation.ask({ kind: 'ping' }).then(
      () => {
        late();
        this.#after(limit / 2, () => this.#watch());
      },
      () => late(),
    );
  }

  #runJob(job: Offered['jobs'][number]): void {
    const again = () => {
      this.#after(job.ms, () => this.#runJob(job));
    };
    this.#ask({ kind: 'job', name: job.name }).then(again, (error: unknown) => {
      if (this.#isOver) return;
      this.#context.onCallFailed();
      const fields = { addon: this.#declared?.name, job: job.name, reason: reasonOf(error) };
      this.#context.log.warn(fields, 'a job of an add-on threw');
      again();
    });
  }

  /** As the clock's, for as long as the thread lives. */
  #after(ms: number, task: () => void): () => void {
    if (this.#isOver) return () => undefined;
    const cancel = this.#context.clock.after(ms, () => {
      this.#cancels.delete(cancel);
      task();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  #cancelAll(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #fail(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.onFailed(this, reason);
  }

  #hear(message: unknown): void {
    if (this.#isOver) return;
    if (!this.#messages.take(1, this.#context.clock.now())) {
      this.#fail('it said more than anybody could listen to');
      return;
    }
    const read = FromThread.safeParse(message);
    if (!read.success) {
      this.#fail('it said something that nobody understands');
      return;
    }
    const { data } = read;
    if (data.type === 'ask') {
      const { id, about } = data;
      void this.#conversation.reply(id, () => this.#questions.run(() => this.#tellOf(about)));
    } else if (data.type === 'tell') this.#note(data.about);
    else this.#conversation.answered(data);
  }

  async #tellOf(question: Question): Promise<unknown> {
    const space = this.#space;
    if (space === undefined) throw new Unanswered('ask from setup on, not while the module loads');
    switch (question.kind) {
      case 'read':
        return this.#read(question.method, question.argument);
      case 'get':
        return space.get(question.key);
      case 'list':
        return space.list(question.prefix, question.after, question.limit);
      case 'write':
        return space.write(question.changes);
    }
  }

  async #read(method: string, argument: unknown): Promise<unknown> {
    const declared = this.#declared?.capabilities ?? [];
    if (!opens(declared, method) || !opens(this.#context.granted, method)) {
      throw new Unanswered(`"${method}" needs a capability that the add-on has not declared`);
    }
    const service = this.#context.service();
    const call = service[method] as (argument?: unknown) => unknown;
    return call.call(service, readArgument(method, argument));
  }

  #note(note: Note): void {
    switch (note.kind) {
      case 'log':
        if (this.#lines.take(1, this.#context.clock.now())) {
          const fields = { addon: this.#declared?.name, fields: note.fields };
          this.#context.log[note.level](fields, note.message);
        }
        break;
      case 'measure':
        this.#context.readings.take(note);
        break;
      case 'socket-text':
        this.#sockets.get(note.socket)?.send(note.text);
        break;
      case 'socket-end':
        this.#sockets.get(note.socket)?.end();
        this.#sockets.delete(note.socket);
        break;
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
