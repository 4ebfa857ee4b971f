/** `geo verify store`: reads all that a node has stored, whether it runs or not. */
import { GeoError } from '../../protocol/errors.ts';
import { type Context, command } from '../command.ts';
import { exitCodeOf } from '../exit.ts';
import { type Fact, facts } from '../page.ts';

interface Check {
  readonly records: number;
  readonly rows: readonly {
    readonly name: string;
    readonly held: boolean;
    readonly detail: string;
  }[];
  readonly checksums: readonly { readonly equivalent: string; readonly checksum: string }[];
  readonly problems: readonly string[];
}

/** By the node itself if it runs, since nobody else may open its store then. */
async function check({ home, client }: Context): Promise<Check & { readonly by: string }> {
  try {
    return { by: 'the running node', ...(await (await client()).verifyStore()) };
  } catch (error) {
    if (exitCodeOf(error, false) !== 3) throw error;
  }
  const [{ openLevelStore }, { verifyStore }, { nativeVerify }] = await Promise.all([
    import('../../node/store/level/level.ts'),
    import('../../node/verify-store.ts'),
    import('../../node/platform/native-ed25519.ts'),
  ]);
  const store = await openLevelStore(home.storeDirectory, { mustExist: true });
  try {
    return { by: 'its files', ...(await verifyStore(store, nativeVerify, async () => {})) };
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    return { by: 'its files', records: 0, rows: [], checksums: [], problems: [error.message] };
  } finally {
    await store.close();
  }
}

export const verifyStoreCommand = command({
  words: 'verify store',
  group: 'The node',
  summary: 'Read the whole store and say what in it is not as it must be',
  details:
    'Every record by its form, the books against the receipts, the audit log and the journal of a hub from their beginnings; opening a store that no node uses checks every file as well. Nothing is repaired. A sentence for each finding, and exit code 1 if there is one. The checksums are to be compared with those of a copy (`geo restore` into another home) or noted for later.',
  examples: ['geo verify store', 'geo verify store --home ~/anna --json'],
  local: true,
  run: async (context) => {
    const { by, records, rows, checksums, problems } = await check(context);
    const found: Fact[] = problems.map((problem) => ['problem', problem, 'red']);
    return {
      json: { sound: problems.length === 0, by, records, rows, checksums, problems },
      text: (page) =>
        facts(page, [
          problems.length === 0 ? ['store', 'sound', 'green'] : ['store', 'NOT SOUND', 'red'],
          ['read by', by],
          ['records', String(records)],
          ...rows.map(({ name, held, detail }): Fact => [name, detail, held ? 'green' : 'red']),
          ...checksums.map(
            ({ equivalent, checksum }): Fact => [`checksum ${equivalent}`, checksum],
          ),
          ...found,
        ]),
      exit: problems.length === 0 ? 0 : 1,
    };
  },
});
