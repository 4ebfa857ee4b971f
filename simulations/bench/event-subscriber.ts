/**
 * One WebSocket that follows a node's events and costs its process next to nothing: it finds in each message
 * where it stands in the row of events and when it was written, and reads no more of it.
 */
import { connect, type Socket } from 'node:net';
import { LIVE_PATH } from '../../node/api/routes.ts';

export interface EventDoor {
  readonly url: string;
  readonly token: string;
}

/** Whoever watches a subscriber hears of each event: its number in the row, and when it was written (ms since 1970 UTC). */
export type OnEvent = (number: number, time: number, cursor: string) => void;

const HEAD_END = '\r\n\r\n';
/** Fixed: no answer to it is checked here. */
const KEY = Buffer.from('a subscriber, 16').toString('base64');
/** `"cursor":"EPOCH-NUMBER"`, and the time; null is the cursor of what has no place in the row. */
const CURSOR = /"cursor":"([0-9a-z]+-(\d+))"/;
const TIME = /"time":"([^"]+)"/;

export class EventSubscriber {
  readonly #socket: Socket;
  readonly #onEvent: OnEvent;
  readonly begun = Promise.withResolvers<void>();
  #received: Buffer = Buffer.alloc(0);
  #isUpgraded = false;

  /** @param after cursor to begin after; without it from now on */
  constructor({ url, token }: EventDoor, onEvent: OnEvent, after?: string) {
    const { hostname, port } = new URL(url);
    this.#onEvent = onEvent;
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('error', (error) => this.begun.reject(error));
    this.#socket.on('close', () => this.begun.reject(new Error('the node has closed the stream')));
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#socket.write(
      [
        `GET ${LIVE_PATH}${after === undefined ? '' : `?after=${after}`} HTTP/1.1`,
        'host: 127.0.0.1',
        'connection: Upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        `sec-websocket-key: ${KEY}`,
        `authorization: Bearer ${token}`,
        HEAD_END.slice(2),
      ].join('\r\n'),
    );
  }

  /** Goes without a word, as a client does that loses its connection. */
  drop(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    if (!this.#isUpgraded && !this.#upgrade()) return;
    for (let message = this.#next(); message !== undefined; message = this.#next()) {
      this.#take(message);
    }
  }

  #upgrade(): boolean {
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return false;
    const status = this.#received.toString('latin1', 9, 12);
    if (status !== '101') this.begun.reject(new Error(`the node answers ${status}`));
    this.#received = this.#received.subarray(end + HEAD_END.length);
    this.#isUpgraded = true;
    return true;
  }

  /** The next whole message, taken out of what was received. A server's messages are not masked. */
  #next(): string | undefined {
    const bytes = this.#received;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]!;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const length =
      head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + length) return undefined;
    this.#received = bytes.subarray(head + length);
    return bytes.toString('latin1', head, head + length);
  }

  #take(message: string): void {
    // The first is a sign of life that says where the stream begins.
    if (!message.startsWith('{"type":"event"')) this.begun.resolve();
    const [, cursor, number] = CURSOR.exec(message) ?? [];
    const time = TIME.exec(message)?.[1];
    if (cursor !== undefined && time !== undefined) {
      this.#onEvent(Number(number), Date.parse(time), cursor);
    }
  }
}
