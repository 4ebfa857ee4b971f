/** Members of the community of this hub, for each other. */
import { GeoError } from '../../protocol/errors.ts';
import type { MemberRecord } from '../store/hub-records.ts';
import type { DirectoryOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

const ROWS = 100;

export function directoryOperations({ community }: Pick<Rooms, 'community'>): DirectoryOperations {
  return {
    participants: ({ search = '', cursor = '', limit = ROWS }) => {
      if (!community.settings.enabled) {
        throw new GeoError(
          'E006',
          'This node is no hub, so it knows of no community. Ask the hub that you have joined.',
          { fault: 'no_hub' },
        );
      }
      const wanted = search.trim().toLowerCase();
      const found = [...community.membership.all()]
        .filter(([pid, record]) => pid > cursor && isIn(record) && fits(pid, record, wanted))
        .sort(([one], [other]) => (one < other ? -1 : 1));
      const items = found.slice(0, limit).map(([pid, record]) => participant(pid, record));
      return { items, next: found.length > limit ? items.at(-1)!.pid : null };
    },
  };
}

function isIn({ status }: MemberRecord): boolean {
  return status === 'active' || status === 'suspended';
}

/** What people write of themselves is found by any part of it, a PID by its beginning. */
function fits(pid: string, { profile }: MemberRecord, wanted: string): boolean {
  return (
    pid.toLowerCase().startsWith(wanted) ||
    profile.name.toLowerCase().includes(wanted) ||
    profile.about.toLowerCase().includes(wanted)
  );
}

function participant(pid: string, record: MemberRecord): shapes.Participant {
  const { profile, hosted, status, joined } = record;
  return {
    pid,
    name: profile.name,
    about: profile.about,
    kind: profile.kind,
    hosted,
    active: status === 'active',
    joined: joined === undefined ? null : isoTime(joined),
  };
}
