/** Endpoint of who belongs to a community. */
import type { DirectoryOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const PARTICIPANT_ROUTES: RoutesOf<DirectoryOperations> = {
  participants: {
    method: 'GET',
    path: '/participants',
    tag: 'hub',
    summary:
      'Members of the community, found by name or PID; `next` is the cursor of the page after',
    access: 'member',
    input: { in: 'query', shape: shapes.ParticipantsQuery },
    response: shapes.ParticipantsPage,
  },
};
