/** What an add-on has named in its `setup`, and its context: lives in the add-on's thread. */
import { z } from 'zod';
import type { Event } from '../service/shapes/events.ts';
import { CAPABILITIES } from './capabilities.ts';
import { type Conversation, Unanswered } from './conversation.ts';
import type {
  AddonContext,
  AddonDefinition,
  AddonLog,
  AddonMetrics,
  AddonRequest,
  AddonResponse,
  AddonSocket,
  AddonStore,
  Json,
  RouteOptions,
  SocketOptions,
} from './define.ts';
import {
  type Answered,
  KEY_LENGTH_MAX,
  type Note,
  type Offered,
  type Order,
  type Question,
  TEXT_MAX,
  UNFIT,
  type Word,
} from './messages.ts';

type Work = () => Promise<void> | void;

interface Route {
  readonly method: AddonRequest['method'];
  readonly path: string;
  readonly options: RouteOptions<z.ZodType, z.ZodType>;
  readonly handler: (
    request: AddonRequest<unknown, unknown>,
  ) => Promise<AddonResponse> | AddonResponse;
}

interface Socket {
  readonly path: string;
  readonly options: SocketOptions;
  readonly opened: (socket: AddonSocket) => void;
}

interface OpenSocket {
  readonly texts: ((text: string) => void)[];
  readonly ends: (() => void)[];
}

export class Stage {
  readonly #definition: AddonDefinition;
  readonly #config: unknown;
  readonly #node: Conversation<Question, Note>;
  readonly #routes: Route[] = [];
  readonly #sockets: Socket[] = [];
  readonly #jobs = new Map<string, { ms: number; job: Work }>();
  readonly #stops: Work[] = [];
  readonly #gaps: Work[] = [];
  readonly #listeners: {
    topics: readonly string[];
    handler: (event: Event) => Promise<void> | void;
  }[] = [];
  readonly #open = new Map<number, OpenSocket>();
  #isSet = false;

  constructor(definition: AddonDefinition, config: unknown, node: Conversation<Question, Note>) {
    this.#definition = definition;
    this.#config = config;
    this.#node = node;
  }

  async obey(order: Exclude<Order, { kind: 'load' | 'ping' }>): Promise<unknown> {
    switch (order.kind) {
      case 'setup':
        return this.#setUp();
      case 'route': {
        const { method, handler, options } = this.#routes[order.route]!;
        const { caller, params } = order;
        const query = fitting('query', options.query, order.query);
        const body = fitting('body', options.body, order.body);
        return answered(await handler({ method, caller, params, query, body }));
      }
      case 'event':
        for (const { topics, handler } of this.#listeners) {
          const event = order.event as Event;
          if (topics.includes(event.topic)) await handler(event);
        }
        return null;
      case 'gap':
        return all(this.#gaps);
      case 'job':
        await this.#jobs.get(order.name)?.job();
        return null;
      case 'stop':
        return all(this.#stops);
    }
  }

  hear(word: Word): void {
    const open = this.#open.get(word.socket);
    switch (word.kind) {
      case 'socket-open':
        this.#openSocket(word);
        break;
      case 'socket-text':
        for (const listener of open?.texts ?? []) listener(word.text);
        break;
      case 'socket-end':
        this.#open.delete(word.socket);
        for (const listener of open?.ends ?? []) listener();
        break;
    }
  }

  async #setUp(): Promise<Offered> {
    await this.#definition.setup(this.#context());
    this.#isSet = true;
    return {
      routes: this.#routes.map(({ method, path, options }) => ({
        method,
        path,
        access: options.access ?? 'local',
        summary: options.summary,
        query: schemaOf(options.query, 'input'),
        body: schemaOf(options.body, 'input'),
        answer: schemaOf(options.answer, 'output'),
      })),
      sockets: this.#sockets.map(({ path, options }) => ({
        path,
        access: options.access ?? 'local',
        summary: options.summary,
      })),
      topics: [...new Set(this.#listeners.flatMap(({ topics }) => topics))] as Offered['topics'],
      jobs: [...this.#jobs].map(([name, { ms }]) => ({ name, ms })),
    };
  }

  #context(): AddonContext {
    const inSetup = (what: string) => {
      if (this.#isSet) throw new Error(`${what} can be named in setup only`);
    };
    return {
      config: this.#config,
      node: this.#reader(),
      store: this.#store(),
      metrics: this.#metrics(),
      log: this.#log(),
      route: (method, path, handler, options = {}) => {
        inSetup('a route');
        // What it gets has been read by the shapes of its own options.
        this.#routes.push({ method, path, options, handler: handler as Route['handler'] });
      },
      socket: (path, opened, options = {}) => {
        inSetup('a socket');
        this.#sockets.push({ path, options, opened });
      },
      onEvents: (topics, handler) => {
        inSetup('a listener');
        this.#listeners.push({ topics, handler });
      },
      onGap: (handler) => {
        this.#gaps.push(handler);
      },
      every: (name, ms, job) => {
        inSetup('a job');
        this.#jobs.set(name, { ms, job });
      },
      onStop: (handler) => {
        this.#stops.push(handler);
      },
    };
  }

  #reader(): AddonContext['node'] {
    const methods = Object.values(CAPABILITIES).flatMap(({ methods }) => [...methods]);
    const ask = (method: string) => (argument?: unknown) =>
      this.#node.ask({ kind: 'read', method, argument });
    return Object.fromEntries(
      methods.map((method) => [method, ask(method)]),
    ) as unknown as AddonContext['node'];
  }

  #store(): AddonStore {
    return {
      get: async (key) => {
        requireKey(key);
        const text = (await this.#node.ask({ kind: 'get', key })) as string | null;
        return text === null ? undefined : (JSON.parse(text) as Json);
      },
      list: async ({ prefix = '', after = '', limit = 100 } = {}) => {
        for (const part of [prefix, after]) if (part !== '') requireKey(part);
        const asked = { kind: 'list', prefix, after, limit } as const;
        const rows = (await this.#node.ask(asked)) as [key: string, text: string][];
        return rows.map(([key, text]) => ({ key, value: JSON.parse(text) as Json }));
      },
      write: async (changes) => {
        for (const key of Object.keys(changes)) requireKey(key);
        const written = Object.entries(changes).map(([key, value]): [string, string | null] => [
          key,
          value === null ? null : JSON.stringify(value),
        ]);
        await this.#node.ask({ kind: 'write', changes: written });
      },
    };
  }

  #metrics(): AddonMetrics {
    const measure =
      (type: 'counter' | 'gauge', name: string, help: string) =>
      (value: number, labels: Record<string, string> = {}) =>
        this.#node.tell({
          kind: 'measure',
          type,
          name,
          help,
          labels: Object.entries(labels),
          value,
        });
    return {
      counter: (name, help) => {
        const count = measure('counter', name, help);
        return (by = 1, labels = {}) => count(by, labels);
      },
      gauge: (name, help) => measure('gauge', name, help),
    };
  }

  #log(): AddonLog {
    const at =
      (level: 'debug' | 'info' | 'warn' | 'error') =>
      (message: string, fields: Record<string, Json> = {}) =>
        this.#node.tell({
          kind: 'log',
          level,
          message: message.slice(0, TEXT_MAX),
          fields: JSON.stringify(fields).slice(0, TEXT_MAX),
        });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  #openSocket({ socket, path, caller, query }: Extract<Word, { kind: 'socket-open' }>): void {
    const open: OpenSocket = { texts: [], ends: [] };
    this.#open.set(socket, open);
    this.#sockets[path]?.opened({
      caller,
      query,
      send: (text) => {
        if (this.#open.has(socket)) this.#node.tell({ kind: 'socket-text', socket, text });
      },
      onMessage: (listener) => {
        open.texts.push(listener);
      },
      onClose: (listener) => {
        open.ends.push(listener);
      },
      close: () => this.#node.tell({ kind: 'socket-end', socket }),
    });
  }
}

/**
 * What a client names in a request often becomes a key: too long a one is this call's failure, and not a word
 * that the node does not understand, which would end the thread.
 */
function requireKey(key: string): void {
  if (key.length > 0 && key.length <= KEY_LENGTH_MAX) return;
  throw new Error(`a key has 1 to ${KEY_LENGTH_MAX} characters`);
}

async function all(works: readonly Work[]): Promise<null> {
  for (const work of works) await work();
  return null;
}

function answered({ status = 200, type, body }: AddonResponse): Answered {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const sent = typeof body === 'string' ? body : new Uint8Array(body);
    return { status, type: type ?? 'text/plain; charset=utf-8', body: sent };
  }
  return { status, type: type ?? 'application/json', body: JSON.stringify(body) ?? 'null' };
}

/** @throws Unanswered {@link UNFIT}, naming every field at fault at once */
function fitting(part: string, shape: z.ZodType | undefined, given: unknown): unknown {
  if (shape === undefined) return given;
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new Unanswered(`The ${part} of the request is not valid: ${problems.join('; ')}.`, UNFIT);
}

/** As it can cross the port, and stand in a larger document: without references. */
function schemaOf(shape: z.ZodType | undefined, io: 'input' | 'output') {
  if (shape === undefined) return undefined;
  const { $schema: _dialect, ...schema } = z.toJSONSchema(shape, {
    io,
    reused: 'inline',
    cycles: 'throw',
    unrepresentable: 'any',
  });
  return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
}
