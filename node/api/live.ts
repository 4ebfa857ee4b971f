/**
 * Events as they happen, over SSE (`GET /live`) or WebSocket (the same path, upgraded). Both begin
 * after a cursor and are fed from the event log at the pace of whoever reads: nothing is queued for
 * a slow client here. One that does not read for a while is closed, and goes on from its cursor.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { GeoError } from '../../protocol/errors.ts';
import type { Log } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import { EventsQuery } from '../service/shapes/events.ts';
import { AddonSockets } from './addon-door.ts';
import { checkHost, LOOPBACK_HOST, tokenCheck } from './guard.ts';
import { LivePages, socketText, sseText } from './live-pages.ts';
import { LiveReader, type LiveSink } from './live-reader.ts';
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

interface LiveDoorOptions {
  /** Takes the WebSockets for add-ons. */
  readonly addons?: AddonSockets | undefined;
  readonly service: NodeService;
  readonly source: LiveSource;
  readonly token: string;
  readonly log: Log;
}

export class LiveDoor {
  readonly #options: LiveDoorOptions;
  readonly #admits: ReturnType<typeof tokenCheck>;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: CLIENT_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
  readonly #open = new Set<LiveSink>();
  /** By the topics that somebody has asked for; there are not many, so they are kept. */
  readonly #pages = new Map<string, LivePages>();

  constructor(options: LiveDoorOptions) {
    this.#options = options;
    this.#admits = tokenCheck(options.token);
  }

  /** SSE. What is wrong with the request is told as for any other; what comes later ends the stream. */
  async stream(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const last = request.headers['last-event-id'];
    const query = request.query as Record<string, unknown>;
    const reader = await this.#reader(typeof last === 'string' ? { ...query, after: last } : query);
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const { raw } = reply;
    this.#run(reader, sseSink(raw), (ended) => raw.once('close', ended));
  }

  /** WebSocket. A bad token or host is answered by HTTP, everything else by a close code after the upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    try {
      checkHost(request.headers);
      checkOrigin(request.headers, (host) => LOOPBACK_HOST.test(host));
      this.#admits(request.headers);
      if (this.#options.addons !== undefined && AddonSockets.isFor(request)) {
        this.#options.addons.upgrade(request, socket, head);
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
      this.#reader(Object.fromEntries(searchParams)).then(
        (reader) =>
          this.#run(reader, socketSink(client, socket), (ended) => client.once('close', ended)),
        (error: unknown) => socketSink(client, socket).close(this.#asGeoError(error)),
      );
    });
  }

  /** Ends every stream, so that the server can close. */
  close(): void {
    for (const sink of this.#open) sink.close();
    this.#options.addons?.close();
    this.#sockets.close();
  }

  /** @throws GeoError what is wrong with the query, or `too_many_streams` */
  async #reader(given: Record<string, unknown>): Promise<LiveReader> {
    const query = EventsQuery.omit({ limit: true }).safeParse(given);
    if (!query.success) {
      throw new GeoError('E009', 'A live stream takes "after" and "topics", and nothing else.', {
        fault: 'bad_request',
      });
    }
    if (this.#open.size >= STREAMS_MAX) {
      throw new GeoError('E008', 'Too many live streams are open; close some, or try later.', {
        fault: 'too_many_streams',
      });
    }
    const { after, topics } = query.data;
    const pages = this.#pagesOf(topics);
    const begin = await pages.begin(after);
    // Only now, since topics that do not exist were refused.
    this.#pages.set(pages.name, pages);
    return new LiveReader(pages, this.#options.source, begin);
  }

  #pagesOf(topics: string | undefined): LivePages {
    const { service, source } = this.#options;
    const pages = new LivePages(service, source, topics);
    return this.#pages.get(pages.name) ?? pages;
  }

  #run(reader: LiveReader, sink: LiveSink, onClose: (ended: () => void) => void): void {
    // It may have gone while its place was looked for; nothing would end the stream then.
    if (!sink.isOpen()) return;
    this.#open.add(sink);
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
