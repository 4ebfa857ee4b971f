/** Messages by which routes are looked for, through neighbours and in a hub's index. */

import type { ValidMessage } from './messages-cases.ts';
import * as w from './messages-world.ts';

const EDGE = { low: w.anna.pid, high: w.bob.pid, equivalent: w.UAH };

const REPORTED = {
  ...EDGE,
  precision: 2,
  balance: -2000n,
  up: 7000n,
  down: 3000n,
  low_carries: true,
  high_carries: false,
};

const ID = new Uint8Array(16).fill(7);

export const ROUTE_MESSAGES: readonly ValidMessage[] = [
  {
    name: 'over five hops',
    type: 'ROUTE_QUERY',
    body: {
      id: ID,
      payer: w.anna.pid,
      payee: w.dave.pid,
      equivalent: w.UAH,
      amount: 4250n,
      hops: 5,
      wait_ms: 1275,
      budget: 127,
      avoid: [],
    },
  },
  {
    name: 'two hops to the payee',
    type: 'ROUTE_REPLY',
    body: {
      id: ID,
      nodes: [
        [w.bob.key, ['/ip4/192.0.2.1/tcp/4001']],
        [w.carol.key, []],
        [w.dave.key, []],
      ],
      hops: [
        [0, 2, 2000n],
        [0, 1, 4250n],
        [1, 2, 2250n],
      ],
      repeated: false,
      cost: 1,
    },
  },
  {
    name: 'over a hosted member',
    type: 'ROUTE_REPLY',
    body: {
      id: ID,
      nodes: [
        [w.carol.key, ['/ip4/192.0.2.9/tcp/4001']],
        [w.dave.key, []],
      ],
      grants: [w.SIGNED_GRANT],
      hops: [[0, 1, 2250n]],
      repeated: false,
      cost: 0,
    },
  },
  {
    name: 'whole routes, of a hub',
    type: 'ROUTE_QUERY',
    body: {
      id: ID,
      payer: w.anna.pid,
      payee: w.dave.pid,
      equivalent: w.UAH,
      amount: 4250n,
      hops: 6,
      wait_ms: 1500,
      budget: 0,
      avoid: [],
      max_paths: 3,
      shut: [[w.bob.pid, w.dave.pid]],
    },
  },
  {
    name: 'a route and what binds, of a hub',
    type: 'ROUTE_REPLY',
    body: {
      id: ID,
      nodes: [
        [w.anna.key, []],
        [w.bob.key, ['/ip4/192.0.2.1/tcp/4001']],
        [w.dave.key, []],
      ],
      hops: [],
      repeated: false,
      cost: 0,
      routes: [{ path: [0, 1, 2], amount: 2000n }],
      refusal: {
        code: 'E002',
        fault: 'insufficient_capacity',
        text: 'At most 20.00 can get through.',
      },
    },
  },
  {
    name: 'of one edge',
    type: 'EDGE_REPORT',
    body: {
      reporter_key: w.anna.key,
      hub: w.eve.pid,
      sequence: 1,
      edges: [REPORTED],
    },
    signer: w.anna,
  },
  {
    name: 'seen before',
    type: 'ROUTE_REPLY',
    body: { id: ID, nodes: [], hops: [], repeated: true, cost: 0 },
  },
];
