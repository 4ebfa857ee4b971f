/**
 * Every endpoint of the daemon's HTTP API, once; one file per resource in `routes/`. Server, client,
 * OpenAPI document and tests are all derived from this table; a method of NodeService without an
 * endpoint does not compile.
 */
import type { NodeService } from '../service/contract.ts';
import type { PlainRoute, RoutesOf } from './route.ts';
import { ADDON_ROUTES } from './routes/addons.ts';
import { CLEARING_ROUTES } from './routes/clearing.ts';
import { EQUIVALENT_ROUTES } from './routes/equivalents.ts';
import { EVENT_ROUTES } from './routes/events.ts';
import { HOSTED_ROUTES } from './routes/hosted.ts';
import { HUB_ROUTES } from './routes/hub.ts';
import { LEDGER_ROUTES } from './routes/ledger.ts';
import { MEMBERSHIP_ROUTES } from './routes/memberships.ts';
import { NODE_ROUTES } from './routes/node.ts';
import { PARTICIPANT_ROUTES } from './routes/participants.ts';
import { PAYMENT_ROUTES } from './routes/payments.ts';
import { PEER_ROUTES } from './routes/peers.ts';
import { SESSION_ROUTES } from './routes/sessions.ts';
import { TRUST_LINE_ROUTES } from './routes/trust-lines.ts';

export const API_PREFIX = '/api/v1';
/** Answers without a token: says only that something listens. */
export const HEALTH_PATH = `${API_PREFIX}/health`;
/** For supervisors: whether the process serves, and whether it can do its work. Without a token. */
export const LIVENESS_PATH = '/health/live';
export const READINESS_PATH = '/health/ready';
/** In Prometheus' text format. */
export const METRICS_PATH = '/metrics';
/** Events as they happen: SSE, or WebSocket after an upgrade. */
export const LIVE_PATH = `${API_PREFIX}/live`;
export const OPENAPI_PATH = `${API_PREFIX}/openapi.json`;
/** The same for people. */
export const PAGE_PATH = `${API_PREFIX}/`;

export type ServiceMethod = keyof NodeService;

export const ROUTES: RoutesOf<NodeService> = {
  ...NODE_ROUTES,
  ...PEER_ROUTES,
  ...EQUIVALENT_ROUTES,
  ...TRUST_LINE_ROUTES,
  ...PAYMENT_ROUTES,
  ...CLEARING_ROUTES,
  ...LEDGER_ROUTES,
  ...HOSTED_ROUTES,
  ...HUB_ROUTES,
  ...PARTICIPANT_ROUTES,
  ...MEMBERSHIP_ROUTES,
  ...EVENT_ROUTES,
  ...SESSION_ROUTES,
  ...ADDON_ROUTES,
};

/** A row with the name of its method. */
export type AnyRoute = PlainRoute & { readonly name: ServiceMethod };

export const ROUTE_LIST: readonly AnyRoute[] = (Object.keys(ROUTES) as ServiceMethod[]).map(
  (name) => ({ name, ...ROUTES[name] }),
);
