/** `node http-floor.ts`: the same HTTP server as a node's with nothing behind it: each answer is the same bytes. */
import Fastify, { type FastifyInstance } from 'fastify';
import { serve } from '../worker-process.ts';
import { cpuSoFar } from './meter.ts';

let app: FastifyInstance | undefined;

const calls = {
  /** @param bytes of each answer's body @returns its URL; every path is answered */
  async listen(bytes: number): Promise<string> {
    const body = JSON.stringify('x'.repeat(Math.max(0, bytes - 2)));
    app = Fastify();
    app.get('/*', async (_request, reply) => reply.type('application/json').send(body));
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  cpu: () => cpuSoFar(),
  close: () => app?.close(),
};

export type HttpFloorCalls = typeof calls;

if (import.meta.main) serve(calls);
