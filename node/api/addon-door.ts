/** Requests and WebSockets for add-ons, under `/addons/NAME`: read here, answered in their threads. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Clock } from '../ports.ts';
import type { SignedIn, Visitor } from '../service/contract.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { AddonOffer } from './addon-paths.ts';

export const ADDON_PATH = '/addons';
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
/** Longest message of a client, and what may wait for it, bytes. */
const MESSAGE_BYTES_MAX = 32 * 1_024;
const WAITING_BYTES_MAX = 1_024 * 1_024;
/** What a client may say; one that says more is shut out. */
const MESSAGES = { perSecond: 100, burst: 200 };
/** WebSockets of one participant who has signed in. */
const SOCKETS_PER_PARTICIPANT_MAX = 16;
/** What a browser's client offers beside its token: one of those offered has to be said back, and it is not the token. */
const SUBPROTOCOL = 'geo.addon';
/** Close codes of RFC 6455: the endpoint goes away, a rule was broken, the endpoint cannot serve now. */
const GOING_AWAY = 1001;
const BROKE_A_RULE = 1008;
const TRY_LATER = 1013;
/** As of live streams: 4000 and the status that HTTP would have. */
const SIGNED_OUT = 4401;

interface Call {
  readonly name: string;
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

interface Caller {
  readonly participant: string;
  readonly isOperator: boolean;
}

/** What the door needs of the add-ons (`addons/host.ts`). */
export interface AddonSource {
  /** What those that run serve. */
  offers(): readonly AddonOffer[];
  call(
    call: Call & {
      readonly method: string;
      readonly body: unknown;
      /** Null: the owner of the node. Whether the route is for others is the add-on's to say. */
      readonly caller: Caller | null;
    },
  ): Promise<{
    readonly status: number;
    readonly type: string;
    readonly body: string | Uint8Array;
  }>;
  openSocket(
    call: Call & { readonly caller: Caller | null },
    end: { send(text: string): void; end(): void },
  ): { hear(text: string): void; close(): void };
}

/** @param app whose hooks decide who may come in */
export function addAddonRoutes(app: FastifyInstance, addons: AddonSource): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const call = callOf(request.url);
    const { method, body, visitor } = request;
    const caller = callerIn(visitor);
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
function callerIn(visitor: Visitor | undefined): Caller | null {
  if (visitor === undefined) return null;
  const { signedIn } = visitor;
  if (signedIn !== undefined) {
    return { participant: signedIn.participant, isOperator: signedIn.role !== null };
  }
  throw new GeoError('E006', 'Sign in first.', { fault: 'bad_token' });
}

export class AddonSockets {
  readonly #addons: AddonSource;
  readonly #clock: Clock;
  readonly #isInForce: (signedIn: SignedIn) => boolean;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });
  /** Whose each is; '' for the owner of the node. */
  readonly #open = new Map<WebSocket, string>();

  constructor(addons: AddonSource, clock: Clock, isInForce: (signedIn: SignedIn) => boolean) {
    this.#addons = addons;
    this.#clock = clock;
    this.#isInForce = isInForce;
  }

  static isFor(request: IncomingMessage): boolean {
    return (request.url ?? '').startsWith(`${ADDON_PATH}/`);
  }

  /**
   * Whether the client has signed in has been decided. What the add-on refuses is told by a close code.
   * @param visitor undefined: the owner of the node
   */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    visitor: Visitor | undefined,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => undefined);
      try {
        this.#count(client, visitor?.signedIn?.participant ?? '');
        this.#join(client, callOf(request.url ?? ''), visitor);
      } catch (error) {
        const refusal = error instanceof GeoError ? error : undefined;
        const code = refusal?.code === 'E006' ? BROKE_A_RULE : TRY_LATER;
        client.close(code, refusal?.details.fault ?? 'internal');
      }
    });
  }

  close(): void {
    for (const client of this.#open.keys()) client.close(GOING_AWAY);
    this.#server.close();
  }

  /** @throws GeoError E008 `too_many_streams` */
  #count(client: WebSocket, whose: string): void {
    const theirs = [...this.#open.values()].filter((each) => each === whose).length;
    if (whose !== '' && theirs >= SOCKETS_PER_PARTICIPANT_MAX) {
      throw new GeoError('E008', 'Too many WebSockets are open; close some, or try later.', {
        fault: 'too_many_streams',
      });
    }
    this.#open.set(client, whose);
    client.once('close', () => this.#open.delete(client));
  }

  #join(client: WebSocket, call: Call, visitor: Visitor | undefined): void {
    /** Whoever has signed out neither says nor hears anything more. */
    const isWelcome = () => {
      const { signedIn } = visitor ?? {};
      if (signedIn === undefined || this.#isInForce(signedIn)) return true;
      client.close(SIGNED_OUT, 'bad_token');
      return false;
    };
    const door = this.#addons.openSocket(
      { ...call, caller: callerIn(visitor) },
      {
        send: (text) => {
          if (client.readyState !== client.OPEN || !isWelcome()) return;
          if (client.bufferedAmount > WAITING_BYTES_MAX) client.terminate();
          else client.send(text);
        },
        end: () => client.close(GOING_AWAY),
      },
    );
    const budget = new TokenBucket(MESSAGES, this.#clock.now());
    client.on('message', (data, isBinary) => {
      if (!budget.take(1, this.#clock.now())) client.close(BROKE_A_RULE, 'too_many_messages');
      else if (!isBinary && isWelcome()) door.hear(String(data));
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
