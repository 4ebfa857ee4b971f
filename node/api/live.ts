/**
 * Events as they happen, over SSE (`GET /live`) or WebSocket (the same path, upgraded). Both begin
 * after a cursor and are fed from the event log at the pace of whoever reads: nothing is queued for
 * a slow client here. One that does not read for a while is closed, and goes on from its cursor.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { GeoError } from '../../protocol/errors.ts';
import type { Log } from '../ports.ts';
import type { LiveSource, NodeService, Reception, Visitor } from '../service/contract.ts';
import { EventsQuery } from '../service/shapes/events.ts';
import { AddonSockets } from './addon-door.ts';
import type { Admission } from './admission.ts';
import { checkHost, LOOPBACK_HOST } from './guard.ts';
import { LivePages, socketText, sseText } from './live-pages.ts';
import { type LiveBehind, LiveReader, type LiveSink } from './live-reader.ts';
import { problemOf } from './problem.ts';
import { LIVE_PATH } from './routes.ts';
import { checkOrigin } from './web.ts';

/** Streams that may be open at one time; each holds some 20 KB. */
const STREAMS_MAX = 2_000;
/** Clients have nothing to say once the stream is open. */
const CLIENT_MESSAGE_BYTES_MAX = 1_024;
/** Close code of RFC 6455: the endpoint is going away. */
const GOING_AWAY = 1001;
/** Close codes of our own are 4000 and the status that HTTP would have. */
const OWN_CLOSE_CODES = 4_000;

/** Streams of one participant who has signed in. */
const STREAMS_PER_PARTICIPANT_MAX = 32;
/** What a client speaks, and before its token: a browser can send no other header with a WebSocket. */
const SUBPROTOCOL = 'geo.events';
const TOKEN_SUBPROTOCOL = 'geo.token.';

interface LiveDoorOptions {
  /** Takes the WebSockets for add-ons. */
  readonly addons?: AddonSockets | undefined;
  readonly service: NodeService;
  readonly source: LiveSource;
  readonly admission: Admission;
  readonly reception?: Reception | undefined;
  /** Web pages that may open a WebSocket; without it those of this machine, asked for by a name of it. */
  readonly origins?: readonly string[] | undefined;
  readonly log: Log;
}

export class LiveDoor {
  readonly #options: LiveDoorOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: CLIENT_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    // The token is not said back.
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });
  /** Whose each is; '' for the owner of the node. */
  readonly #open = new Map<LiveSink, string>();
  /** The owner's, by the topics that somebody has asked for; there are not many, so they are kept. */
  readonly #pages = new Map<string, LivePages>();

  constructor(options: LiveDoorOptions) {
    this.#options = options;
  }

  /** SSE. What is wrong with the request is told as for any other; what comes later ends the stream. */
  async stream(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const last = request.headers['last-event-id'];
    const query = request.query as Record<string, unknown>;
    const given = typeof last === 'string' ? { ...query, after: last } : query;
    const { visitor } = request;
    const reader = await this.#reader(given, visitor);
    reply.hijack();
    reply.raw.writeHead(200, {
      // What has been said to browsers until here (CORS).
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const { raw } = reply;
    this.#run(reader, sseSink(raw), visitor, (ended) => raw.once('close', ended));
  }

  /** WebSocket. A bad token or host is answered by HTTP, everything else by a close code after the upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    let visitor: Visitor | undefined;
    try {
      this.#checkPlace(request.headers);
      const isForAddon = AddonSockets.isFor(request);
      visitor = this.#options.admission.visitorBy(
        { authorization: authorizationOf(request.headers) },
        request.socket.remoteAddress ?? '',
        'member',
      );
      if (this.#options.addons !== undefined && isForAddon) {
        this.#options.addons.upgrade(request, socket, head, visitor);
        return;
      }
      if (pathname !== LIVE_PATH) {
        throw new GeoError('E009', `WebSockets are at ${LIVE_PATH} only.`, {
          fault: 'no_such_route',
        });
      }
    } catch (error) {
      refuseUpgrade(socket, error as GeoError);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => undefined);
      this.#reader(Object.fromEntries(searchParams), visitor).then(
        (reader) =>
          this.#run(reader, socketSink(client, socket), visitor, (ended) =>
            client.once('close', ended),
          ),
        (error: unknown) => socketSink(client, socket).close(this.#asGeoError(error)),
      );
    });
  }

  /** Ends every stream, so that the server can close. */
  close(): void {
    for (const sink of this.#open.keys()) sink.close();
    this.#options.addons?.close();
    this.#sockets.close();
  }

  /** Whether a browser may be behind the request that is led by a page from elsewhere. @throws GeoError E006 `bad_host` | `bad_origin` */
  #checkPlace(headers: IncomingHttpHeaders): void {
    const { origins } = this.#options;
    if (origins === undefined) {
      checkHost(headers);
      checkOrigin(headers, ({ hostname }) => LOOPBACK_HOST.test(hostname));
    } else checkOrigin(headers, ({ origin }) => origins.includes(origin));
  }

  /** @throws GeoError what is wrong with the query, or `too_many_streams` */
  async #reader(given: Record<string, unknown>, visitor: Visitor | undefined): Promise<LiveReader> {
    const query = EventsQuery.omit({ limit: true }).safeParse(given);
    if (!query.success) {
      throw new GeoError('E009', 'A live stream takes "after" and "topics", and nothing else.', {
        fault: 'bad_request',
      });
    }
    const whose = ownerOf(visitor);
    const theirs = [...this.#open.values()].filter((each) => each === whose).length;
    const isOne = whose !== '';
    if (this.#open.size >= STREAMS_MAX || (isOne && theirs >= STREAMS_PER_PARTICIPANT_MAX)) {
      throw new GeoError('E008', 'Too many live streams are open; close some, or try later.', {
        fault: 'too_many_streams',
      });
    }
    const { after, topics } = query.data;
    const behind = this.#behind(visitor);
    const own = new LivePages(behind.service, behind.source, topics);
    const pages = visitor === undefined ? (this.#pages.get(own.name) ?? own) : own;
    const begin = await pages.begin(after);
    // Only now, since topics that do not exist were refused. Visitors read each its own.
    if (visitor === undefined) this.#pages.set(pages.name, pages);
    return new LiveReader(pages, behind, begin);
  }

  #behind(visitor: Visitor | undefined): LiveBehind {
    const { service, source, reception } = this.#options;
    const signedIn = visitor?.signedIn;
    if (signedIn === undefined || reception === undefined) {
      return { service, source, requireOpen: () => undefined };
    }
    const { events } = reception.serviceFor(visitor!);
    return {
      service: { events: events! },
      source: reception.liveFor(signedIn),
      requireOpen: () => {
        if (!reception.isInForce(signedIn)) throw overNow();
      },
    };
  }

  #run(
    reader: LiveReader,
    sink: LiveSink,
    visitor: Visitor | undefined,
    onClose: (ended: () => void) => void,
  ): void {
    // It may have gone while its place was looked for; nothing would end the stream then.
    if (!sink.isOpen()) return;
    this.#open.set(sink, ownerOf(visitor));
    onClose(() => {
      this.#open.delete(sink);
      reader.stop();
    });
    reader.run(sink).catch((error: unknown) => sink.close(this.#asGeoError(error)));
  }

  #asGeoError(error: unknown): GeoError {
    if (error instanceof GeoError && error.code !== 'E010') return error;
    this.#options.log.error({ err: error }, 'a live stream failed');
    return new GeoError('E010', 'The stream failed in the node; its log says more.', {
      fault: 'internal_error',
    });
  }
}

function ownerOf(visitor: Visitor | undefined): string {
  return visitor?.signedIn?.participant ?? '';
}

/** Of a browser the token is one of the subprotocols that it offers: what stands in an address is written into logs. */
function authorizationOf({
  authorization,
  'sec-websocket-protocol': offered,
}: IncomingHttpHeaders): string | undefined {
  const token = offered
    ?.split(',')
    .map((each) => each.trim())
    .find((each) => each.startsWith(TOKEN_SUBPROTOCOL))
    ?.slice(TOKEN_SUBPROTOCOL.length);
  return authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
}

function overNow(): GeoError {
  return new GeoError(
    'E006',
    'The access token has ended. Exchange the refresh token, and go on from the cursor of the last event.',
    { fault: 'bad_token' },
  );
}

function sseSink(raw: ServerResponse): LiveSink {
  return {
    isOpen: () => raw.writable && !raw.destroyed,
    send: (name, cursor, data) => raw.write(sseText(name, cursor, data)),
    sendPage: ({ sse }) => raw.write(sse),
    drained: () => drainOf(raw),
    close: (error) => {
      if (error !== undefined && raw.writable) {
        raw.write(`event: problem\ndata: ${JSON.stringify(problemOf(error))}\n\n`);
      }
      // A reader that is too slow would keep the last bytes waiting for ever.
      if (error?.details.fault === 'slow_client') raw.destroy();
      else raw.end();
    },
  };
}

function drainOf(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off('drain', done).off('close', done);
      resolve();
    };
    raw.on('drain', done).on('close', done);
  });
}

/** Bytes that may wait in a socket before it counts as full. */
const SOCKET_BYTES_MAX = 16 * 1_024;

/** @param socket under the WebSocket: messages that are the same for many are written to it as they are */
function socketSink(client: WebSocket, socket: Duplex): LiveSink {
  const waiting: (() => void)[] = [];
  const release = () => {
    if (client.bufferedAmount > SOCKET_BYTES_MAX && client.readyState === client.OPEN) return;
    for (const resolve of waiting.splice(0)) resolve();
  };
  client.once('close', release);
  return {
    isOpen: () => client.readyState === client.OPEN,
    send: (name, _cursor, data) => {
      client.send(socketText(name, data), release);
      return client.bufferedAmount <= SOCKET_BYTES_MAX;
    },
    sendPage: ({ frames }) => {
      if (client.readyState === client.OPEN) socket.write(frames, release);
      return client.bufferedAmount <= SOCKET_BYTES_MAX;
    },
    drained: () => new Promise<void>((resolve) => waiting.push(resolve)),
    close: (error) => {
      if (error === undefined) client.close(GOING_AWAY);
      else client.close(OWN_CLOSE_CODES + problemOf(error).status, error.details.fault);
      if (error?.details.fault === 'slow_client') client.terminate();
    },
  };
}

function refuseUpgrade(socket: Duplex, error: GeoError): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title.replaceAll(/[^ -~]/g, '')}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
