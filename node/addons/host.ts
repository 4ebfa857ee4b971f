/** The add-ons of a node: those that its configuration names, their requests, and how they are. */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Hall } from '../engine/hall.ts';
import type { Ports } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type * as shapes from '../service/shapes.ts';
import type { NodeSettings } from '../settings.ts';
import { Addon, type AddonContextOfNode } from './addon.ts';
import { AddonBooks } from './books.ts';
import type { Answered, Caller, Offered } from './messages.ts';
import { type Reading, readingsText } from './readings.ts';
import { matchPath, matchRoute } from './route-match.ts';
import type { SocketEnd } from './run.ts';

export interface AddonCall {
  readonly name: string;
  readonly method: string;
  /** Parts of the path after `/addons/NAME`, decoded. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Null: the owner of the node. */
  readonly caller: Caller | null;
}

export interface AddonOffer extends Pick<Offered, 'routes' | 'sockets'> {
  readonly name: string;
  readonly about: string;
}

/** What the node hears of a WebSocket's client. */
export interface SocketDoor {
  hear(text: string): void;
  close(): void;
}

/** How one add-on is, for metrics. */
export interface AddonGauges {
  readonly name: string;
  readonly up: boolean;
  readonly restarts: number;
  readonly readings: ReadonlyMap<string, Reading>;
}

export class Addons {
  readonly #addons: readonly Addon[];
  readonly #names = new Map<string, Addon>();

  constructor(
    ports: Pick<Ports, 'clock' | 'log' | 'store' | 'addons'>,
    hall: Pick<Hall, 'turn'>,
    settings: NodeSettings['addons'],
    live: LiveSource,
    service: () => NodeService,
  ) {
    const books = new AddonBooks(ports.store, hall, settings.stored_bytes_max);
    const { clock, log } = ports;
    const tell = (source: string, text: string) =>
      hall
        .turn((turn) => turn.notice({ type: 'addon-failed', text: `${source}: ${text}` }))
        .catch((error: unknown) => log.warn({ error: String(error) }, 'an event is not kept'));
    const context: Omit<AddonContextOfNode, 'threads'> = {
      clock,
      log,
      service,
      live,
      books,
      settings,
      claim: (name, addon) => {
        const owner = this.#names.get(name) ?? addon;
        if (owner === addon) this.#names.set(name, addon);
        return owner === addon;
      },
      onFailed: (addon, reason) => {
        const source = addon.name ?? addon.source;
        log.error({ addon: source, reason }, 'an add-on cannot run');
        void tell(source, reason);
      },
    };
    const { addons: threads } = ports;
    // Without a place to run them there are none: the simulator, tests of the engine.
    const entries = threads === undefined ? [] : settings.load;
    this.#addons = entries.map((entry) => new Addon({ ...context, threads: threads! }, entry));
  }

  start(): void {
    for (const addon of this.#addons) addon.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#addons.map((addon) => addon.stop()));
  }

  list(): shapes.Addon[] {
    return this.#addons.map((addon) => addon.view());
  }

  /** @param text name, or how the configuration calls it. @throws GeoError E009 `no_such_addon` */
  async restart(text: string): Promise<shapes.Addon> {
    const addon = this.#names.get(text) ?? this.#addons.find(({ source }) => source === text);
    if (addon === undefined) throw this.#unknown(text);
    await addon.restart();
    return addon.view();
  }

  /** What those that run serve, for the OpenAPI document. */
  offers(): AddonOffer[] {
    return this.#addons.flatMap(({ offers }) => {
      if (offers === undefined) return [];
      const { name, about } = offers.declared;
      const { routes, sockets } = offers.offered;
      return { name, about, routes, sockets };
    });
  }

  gauges(): AddonGauges[] {
    return this.#addons.map((addon) => ({
      name: addon.name ?? addon.source,
      up: addon.state === 'running',
      restarts: addon.restarts,
      readings: addon.readings.all,
    }));
  }

  /** What add-ons measure, in Prometheus' text format. */
  metricsText(): string {
    return [...this.#names].map(([name, addon]) => readingsText(name, addon.readings.all)).join('');
  }

  /** @throws GeoError E009 `no_such_addon` | `no_such_route` | `method_not_allowed`, E006 `not_allowed`, and as {@link Addon.running} and `Run.answer` */
  async call({ name, method, path, query, body, caller }: AddonCall): Promise<Answered> {
    const run = this.#named(name).running();
    const match = matchRoute(run.offered.routes, method, path);
    const place = `/addons/${name}/${path.join('/')}`;
    if (match.kind === 'nothing') {
      throw invalid('no_such_route', `There is nothing at ${place}; \`geo addons\` lists routes.`);
    }
    if (match.kind === 'other_methods') {
      throw invalid(
        'method_not_allowed',
        `${place} answers to ${match.methods.join(', ')}, not to ${method}.`,
      );
    }
    requireAllowed(caller, run.offered.routes[match.route]!.access);
    return run.answer(match.route, { caller, params: match.params, query, body });
  }

  /** Opens a WebSocket. @throws GeoError as {@link call} */
  openSocket(call: Omit<AddonCall, 'method' | 'body'>, end: SocketEnd): SocketDoor {
    const run = this.#named(call.name).running();
    const path = run.offered.sockets.findIndex(({ path: pattern }) =>
      matchPath(pattern, call.path),
    );
    if (path < 0) {
      throw invalid(
        'no_such_route',
        `The add-on has no WebSocket at /addons/${call.name}/${call.path.join('/')}.`,
      );
    }
    requireAllowed(call.caller, run.offered.sockets[path]!.access);
    const socket = run.openSocket(path, call, end);
    return {
      hear: (text) => run.hearSocket(socket, text),
      close: () => run.closeSocket(socket),
    };
  }

  #named(name: string): Addon {
    const addon = this.#names.get(name);
    if (addon === undefined) throw this.#unknown(name);
    return addon;
  }

  #unknown(name: string): GeoError {
    return invalid(
      'no_such_addon',
      `There is no add-on "${name.slice(0, 60)}" here; \`geo addons\` lists them.`,
    );
  }
}

/** @throws GeoError E006 `not_allowed` */
function requireAllowed(caller: Caller | null, access: Offered['routes'][number]['access']): void {
  if (caller === null || access === 'member') return;
  if (access === 'auditor' && caller.isOperator) return;
  throw new GeoError(
    'E006',
    access === 'auditor'
      ? 'That is for operators and auditors of the community.'
      : 'That is for the owner of the node alone.',
    { fault: 'not_allowed', access },
  );
}
