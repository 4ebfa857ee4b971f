/** Add-ons in threads of their own over a node that only answers: real clock, memory store, real turns. */
import { fileURLToPath } from 'node:url';
import { NodeConfig } from '../../../config/node.ts';
import type { Caller } from '../../../node/addons/define.ts';
import { Addons } from '../../../node/addons/host.ts';
import { addonThreads } from '../../../node/addons/thread.ts';
import { Hall } from '../../../node/engine/hall.ts';
import type { Notice } from '../../../node/engine/notices.ts';
import { realClock } from '../../../node/platform/platform.ts';
import type { Log, Ports, Store } from '../../../node/ports.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import { createMemoryStore, type MemoryStore } from '../../../node/store/memory.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { createFakeService, event, type FakeService } from '../api/fake-service.ts';

const HOME = fileURLToPath(new URL('./', import.meta.url));
const WAIT_MS = 15_000;

type Settings = Partial<NodeConfig['addons']>;

export class AddonStage {
  readonly service: FakeService = createFakeService();
  readonly notices: Notice[] = [];
  readonly lines: { level: string; message: string; fields: object }[] = [];
  readonly store: MemoryStore;
  /** The disk is full. */
  isFull = false;
  readonly addons: Addons;
  readonly #followers = new Set<() => void>();
  readonly #events: shapes.Event[];

  /** @param before the same node, before it was stopped */
  constructor(settings: Settings, before?: AddonStage) {
    this.store = before?.store ?? createMemoryStore();
    this.#events = before === undefined ? [] : before.#events;
    const log = this.#log();
    const store = this.#disk();
    const hall = new Hall(
      { clock: realClock, store, log } as unknown as Ports,
      { batchTurnsMax: 10, backlogMax: 1_000 },
      () => undefined,
    );
    hall.listen((notice) => this.notices.push(notice));
    this.addons = new Addons(
      { clock: realClock, log, store, addons: addonThreads(HOME, log) },
      hall,
      NodeConfig.parse({ addons: { restart_ms: 50, ...settings } }).addons,
      {
        clock: realClock,
        follow: (follower) => {
          this.#followers.add(follower);
          return () => this.#followers.delete(follower);
        },
        connected: () => [],
        followPeers: () => () => undefined,
      },
      () => ({ ...this.service, events: (query) => this.#page(query) }),
    );
    this.addons.start();
  }

  view(): shapes.Addon {
    return this.addons.list()[0]!;
  }

  /** Resolves when the first add-on is in a state. */
  async becomes(state: shapes.AddonState): Promise<shapes.Addon> {
    await this.until(
      () => this.view().state === state,
      () => JSON.stringify(this.view()),
    );
    return this.view();
  }

  async until(holds: () => boolean, what: () => string = () => ''): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`it never came to that: ${what()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** A request to the first add-on. */
  get(path: string, query: Record<string, string> = {}) {
    return this.call('GET', path, query);
  }

  /** @param caller who has signed in; the owner of the node otherwise */
  async call(
    method: string,
    path: string,
    query: Record<string, string> = {},
    body?: unknown,
    caller: Caller | null = null,
  ) {
    const name = this.view().name!;
    const parts = path.split('/').filter((part) => part !== '');
    return this.addons.call({ name, method, path: parts, query, body, caller });
  }

  /** Something happens at the node. */
  happen(topic: shapes.EventTopic): void {
    const cursor = `0-${this.#events.length + 1}`;
    this.#events.push({ ...event, topic, cursor });
    for (const follower of this.#followers) follower();
  }

  /** What an add-on keeps, as the store has it. */
  kept(name: string): Record<string, unknown> {
    const prefix = `addon/${name}/`;
    const own = this.store.snapshot().filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(
      own.map(([key, value]) => [
        key.slice(prefix.length),
        JSON.parse(new TextDecoder().decode(value)) as unknown,
      ]),
    );
  }

  async #page({ after, topics, limit = 100 }: shapes.EventsQuery): Promise<shapes.EventPage> {
    const head = this.#events.length;
    const from = after === undefined ? head : Number(after.split('-')[1]);
    const page = this.#events.slice(from, from + limit);
    return {
      events: page.filter(({ topic }) => topics?.split(',').includes(topic) ?? true),
      cursor: `0-${from + page.length}`,
    };
  }

  #disk(): Store {
    const { store } = this;
    return {
      get: (key) => store.get(key),
      scan: (range) => store.scan(range),
      close: () => store.close(),
      write: async (ops) => {
        if (!this.isFull) return store.write(ops);
        throw new GeoError('E010', 'The disk is full.', { fault: 'store_write_failed' });
      },
    };
  }

  #log(): Log {
    const at = (level: string) => (fields: object, message: string) => {
      this.lines.push({ level, message, fields });
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}
