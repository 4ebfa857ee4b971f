/** Requests and WebSockets for add-ons, under `/addons/NAME`: read here, answered in their threads. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Clock } from '../ports.ts';
import type { Visitor } from '../service/contract.ts';
import { TokenBucket } from '../token-bucket.ts';

export const ADDON_PATH = '/addons';
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
/** Longest message of a client, and what may wait for it, bytes. */
const MESSAGE_BYTES_MAX = 32 * 1_024;
const WAITING_BYTES_MAX = 1_024 * 1_024;
/** What a client may say; one that says more is shut out. */
const MESSAGES = { perSecond: 100, burst: 200 };
/** Close codes of RFC 6455: the endpoint goes away, a rule was broken, the endpoint cannot serve now. */
const GOING_AWAY = 1001;
const BROKE_A_RULE = 1008;
const TRY_LATER = 1013;

interface Call {
  readonly name: string;
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** What the door needs of the add-ons (`addons/host.ts`). */
export interface AddonSource {
  call(
    call: Call & {
      readonly method: string;
      readonly body: unknown;
      /** Null: the owner of the node. Whether the route is for others is the add-on's to say. */
      readonly caller: { readonly participant: string; readonly isOperator: boolean } | null;
    },
  ): Promise<{
    readonly status: number;
    readonly type: string;
    readonly body: string | Uint8Array;
  }>;
  openSocket(
    call: Call,
    end: { send(text: string): void; end(): void },
  ): { hear(text: string): void; close(): void };
}

/** @param app whose hooks decide who may come in */
export function addAddonRoutes(app: FastifyInstance, addons: AddonSource): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const call = callOf(request.url);
    const { method, body, visitor } = request;
    const caller = visitor === undefined ? null : callerIn(visitor);
    const { status, type, body: answer } = await addons.call({ ...call, method, body, caller });
    // What an add-on serves may be opened by a browser, and must not act there as the node.
    reply.header('content-security-policy', 'sandbox').header('content-type', type).code(status);
    return typeof answer === 'string' ? answer : Buffer.from(answer);
  };
  for (const url of [`${ADDON_PATH}/:name`, `${ADDON_PATH}/:name/*`]) {
    app.route({ method: [...METHODS], url, config: { access: 'member' }, handler });
  }
}

/** @throws GeoError E006 `bad_token` */
function callerIn({ signedIn }: Visitor) {
  if (signedIn !== undefined) {
    return { participant: signedIn.participant, isOperator: signedIn.role !== null };
  }
  throw new GeoError('E006', 'Sign in first.', { fault: 'bad_token' });
}

export class AddonSockets {
  readonly #addons: AddonSource;
  readonly #clock: Clock;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
  readonly #open = new Set<WebSocket>();

  constructor(addons: AddonSource, clock: Clock) {
    this.#addons = addons;
    this.#clock = clock;
  }

  static isFor(request: IncomingMessage): boolean {
    return (request.url ?? '').startsWith(`${ADDON_PATH}/`);
  }

  /** Whether the client may come in has been decided. What the add-on refuses is told by a close code. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => undefined);
      this.#open.add(client);
      client.once('close', () => this.#open.delete(client));
      try {
        this.#join(client, callOf(request.url ?? ''));
      } catch (error) {
        client.close(TRY_LATER, error instanceof GeoError ? error.details.fault : 'internal');
      }
    });
  }

  close(): void {
    for (const client of this.#open) client.close(GOING_AWAY);
    this.#server.close();
  }

  #join(client: WebSocket, call: Call): void {
    const door = this.#addons.openSocket(call, {
      send: (text) => {
        if (client.readyState !== client.OPEN) return;
        if (client.bufferedAmount > WAITING_BYTES_MAX) client.terminate();
        else client.send(text);
      },
      end: () => client.close(GOING_AWAY),
    });
    const budget = new TokenBucket(MESSAGES, this.#clock.now());
    client.on('message', (data, isBinary) => {
      if (!budget.take(1, this.#clock.now())) client.close(BROKE_A_RULE, 'too_many_messages');
      else if (!isBinary) door.hear(String(data));
    });
    client.once('close', () => door.close());
  }
}

/** @throws GeoError E009 `bad_request` */
function callOf(url: string): Call {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  try {
    const [name = '', ...path] = pathname
      .slice(ADDON_PATH.length)
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    return { name, path, query: Object.fromEntries(searchParams) };
  } catch {
    throw invalid('bad_request', 'The address is not well formed.');
  }
}
