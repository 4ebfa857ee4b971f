/**
 * One keep-alive connection of HTTP/1.1 that costs its user next to nothing: requests are bytes made
 * beforehand, one is under way at a time, and of an answer no more is read than its status and its length.
 */
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';

export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: PromiseWithResolvers<HttpAnswer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text) => this.#read(String(text)));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server has closed the connection')));
  }

  static open(url: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new HttpConnection(socket)));
      socket.once('error', reject);
    });
  }

  /** @param request as {@link requestText} writes it; not before the answer to the one before */
  ask(request: string): Promise<HttpAnswer> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(request, 'latin1');
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf(HEAD_END);
    if (head < 0) return;
    const body = head + HEAD_END.length;
    const length = lengthIn(this.#received.slice(0, head));
    if (this.#received.length < body + length) return;
    const answer = {
      status: Number(this.#received.slice(9, 12)),
      body: this.#received.slice(body, body + length),
    };
    this.#received = this.#received.slice(body + length);
    this.#waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
  }
}

/** @param body JSON, of ASCII only */
export function requestText(method: string, path: string, token?: string, body?: string): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(body === undefined
      ? []
      : ['content-type: application/json', `content-length: ${body.length}`]),
  ];
  return `${lines.join('\r\n')}${HEAD_END}${body ?? ''}`;
}

/** The servers that are measured give one with every answer. */
function lengthIn(head: string): number {
  return Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
}
