/**
 * Ports for nodes that keep theirs over a kill. Those that the system gives out by itself (port 0) come from
 * its range for outgoing connections: while a node is down, any connection on the machine may take them.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ranges for outgoing connections of Linux (32768) and others (49152). */
const FIRST = 20_000;
const END = 32_000;
const LOOPBACK = '127.0.0.1';

export class LoopbackPorts {
  /** By chance: several testnets on one machine begin in different places. */
  #next = randomInt(FIRST, END);
  #taken = 0;

  /** One that nobody listens on. */
  async take(): Promise<number> {
    for (; this.#taken < END - FIRST; this.#taken++) {
      const port = this.#next;
      this.#next = port + 1 < END ? port + 1 : FIRST;
      if (await isFree(port)) {
        this.#taken++;
        return port;
      }
    }
    throw new Error(`No port from ${FIRST} to ${END} is free.`);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
