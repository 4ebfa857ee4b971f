/** Endpoint of events, page by page; the live ones are in `live.ts`. */
import type { EventOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const EVENT_ROUTES: RoutesOf<EventOperations> = {
  events: {
    method: 'GET',
    path: '/events',
    tag: 'events',
    summary:
      'What has happened after a cursor, oldest first: to the caller, and for operators in the community',
    access: 'member',
    input: { in: 'query', shape: shapes.EventsQuery },
    response: shapes.EventPage,
  },
};
