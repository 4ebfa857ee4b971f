/**
 * What the author of an add-on writes against: `import { defineAddon, z } from 'geo-node/addon'`.
 * docs/ADDONS.md is the guide. An add-on runs in a thread of its own; everything here is asked over
 * a message port, which is why it answers later.
 */
import { z } from 'zod';
import type { NodeService } from '../service/contract.ts';
import type { Event, EventTopic } from '../service/shapes/events.ts';
import type { CAPABILITIES, Capability } from './capabilities.ts';
import type { Caller } from './messages.ts';

export type { Event, EventTopic } from '../service/shapes/events.ts';
export type { Capability } from './capabilities.ts';
export type { Caller } from './messages.ts';
export { z };

/** Whatever JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

type Asked<Method> = Method extends (...given: infer Given) => infer Answer
  ? (...given: Given) => Promise<Awaited<Answer>>
  : never;

/** What of the node may be asked, by the capabilities that an add-on has. Nothing of it changes anything. */
export type NodeReader<Granted extends Capability> = {
  readonly [Name in (typeof CAPABILITIES)[Granted]['methods'][number]]: Asked<NodeService[Name]>;
};

export interface AddonRequest<Query = Readonly<Record<string, string>>, Body = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Who has signed in and asks; null: the owner of the node. */
  readonly caller: Caller | null;
  /** Values of `:name` parts of the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The JSON body; undefined if there was none. */
  readonly body: Body;
}

/** Whom something is for, besides the owner of the node: nobody (`local`), who has a role at the hub, everybody who has signed in. */
export type AddonAccess = 'local' | 'auditor' | 'member';

/** What is known of a route beforehand; it stands in the OpenAPI document of the node. */
export interface RouteOptions<Query extends z.ZodType, Body extends z.ZodType> {
  readonly access?: AddonAccess;
  /** What the route does, in a sentence. */
  readonly summary?: string;
  /** A query that does not fit is refused (400 `bad_request`) before the handler hears of it. Its values are texts. */
  readonly query?: Query;
  /** The same of the JSON body. */
  readonly body?: Body;
  /** What is answered, as JSON. Described, not checked. */
  readonly answer?: z.ZodType;
}

export interface SocketOptions {
  readonly access?: AddonAccess;
  readonly summary?: string;
}

export interface AddonResponse {
  /** 200 to 599; 200 unless said otherwise. */
  readonly status?: number;
  /** `application/json` unless said otherwise. */
  readonly type?: string;
  /** A text or bytes are sent as they are, everything else as JSON. */
  readonly body: unknown;
}

/** A WebSocket that a client has opened. */
export interface AddonSocket {
  /** Who has signed in and listens; null: the owner of the node. */
  readonly caller: Caller | null;
  readonly query: Readonly<Record<string, string>>;
  /** Text only. Dropped with the socket if the client does not read. */
  send(text: string): void;
  onMessage(listener: (text: string) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** Key and value pairs of this add-on alone, in the store of the node: they survive restarts and are in backups. */
export interface AddonStore {
  get(key: string): Promise<Json | undefined>;
  /** Pairs in the order of their keys; 100 at most, unless `limit` says otherwise (1,000 at most). */
  list(query?: {
    readonly prefix?: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<{ readonly key: string; readonly value: Json }[]>;
  /** All of it or nothing, and on the disk when it resolves; null deletes. @throws if the quota is used up */
  write(changes: Readonly<Record<string, Json>>): Promise<void>;
}

/** A number for Prometheus, named `geo_addon_NAME_…`; a counter's name ends in `_total`. */
export interface AddonMetrics {
  counter(name: string, help: string): (by?: number, labels?: Record<string, string>) => void;
  gauge(name: string, help: string): (value: number, labels?: Record<string, string>) => void;
}

export interface AddonLog {
  debug(message: string, fields?: Record<string, Json>): void;
  info(message: string, fields?: Record<string, Json>): void;
  warn(message: string, fields?: Record<string, Json>): void;
  error(message: string, fields?: Record<string, Json>): void;
}

/** What an add-on has at hand while it sets itself up, and afterwards. Routes, jobs and topics are named in `setup` only. */
export interface AddonContext<Config = unknown, Granted extends Capability = Capability> {
  readonly config: Config;
  readonly node: NodeReader<Granted>;
  readonly store: AddonStore;
  readonly metrics: AddonMetrics;
  readonly log: AddonLog;
  /**
   * Serves `METHOD /addons/NAME/PATH`; `/lines/:peer` has a parameter. For whoever has the node's token,
   * and with `access` for who has signed in: `member` for everybody, `auditor` for who has a role at the hub.
   * What a caller may see of others is the handler's to decide.
   */
  route<
    Query extends z.ZodType = z.ZodType<Readonly<Record<string, string>>>,
    Body extends z.ZodType = z.ZodType,
  >(
    method: AddonRequest['method'],
    path: string,
    handler: (
      request: AddonRequest<z.infer<Query>, z.infer<Body>>,
    ) => Promise<AddonResponse> | AddonResponse,
    options?: RouteOptions<Query, Body>,
  ): void;
  /** Serves WebSockets at `/addons/NAME/PATH`, for the same as routes. One ends with the sign-in of its client. */
  socket(path: string, opened: (socket: AddonSocket) => void, options?: SocketOptions): void;
  /**
   * Hears events, each at least once, in their order, over restarts too: an event counts as heard
   * when the handler has resolved. Needs the capability `events`. Begins with what happens from the
   * first start on.
   */
  onEvents(
    topics: readonly Exclude<EventTopic, 'peer.state'>[],
    handler: (event: Event) => Promise<void> | void,
  ): void;
  /** Some events are lost to this add-on: it was away for longer than the node keeps them. */
  onGap(handler: () => Promise<void> | void): void;
  /** Runs a job once at the start and then that long after its end. 1 s at least. */
  every(name: string, ms: number, job: () => Promise<void> | void): void;
  /** The node stops; what is not done within two seconds is not done. */
  onStop(handler: () => Promise<void> | void): void;
}

export interface AddonDefinition<
  Config extends z.ZodType = z.ZodType,
  Granted extends Capability = Capability,
> {
  /** Lower-case letters, digits and hyphens: `/addons/NAME`. */
  readonly name: string;
  readonly version: string;
  /** What the add-on does, in a sentence; shown by `geo addons`. */
  readonly about: string;
  /** What it reads of the node. The configuration has to grant each of them. */
  readonly capabilities: readonly Granted[];
  readonly config: Config;
  readonly setup: (context: AddonContext<z.infer<Config>, Granted>) => Promise<void> | void;
}

/** Checks an add-on's types where it is written; the module exports it as its default. */
export function defineAddon<Config extends z.ZodType, const Granted extends Capability>(
  definition: AddonDefinition<Config, Granted>,
): AddonDefinition<Config, Granted> {
  return definition;
}
