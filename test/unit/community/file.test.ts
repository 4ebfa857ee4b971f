import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import type { Community } from '../../../simulations/community/community.ts';
import { parseCommunity } from '../../../simulations/community/file.ts';

interface Pieces {
  equivalents?: unknown;
  participants?: unknown;
  trust_lines?: unknown;
  payments?: unknown;
  [more: string]: unknown;
}

/** A small lawful file, of which a test replaces pieces. */
function fileOf(pieces: Pieces): string {
  return JSON.stringify({
    equivalents: [{ code: 'UAH', precision: 2, metadata: {} }],
    participants: [
      { id: 'ann', name: 'Ann', type: 'person' },
      { id: 'ben', name: 'Ben', type: 'person', status: 'frozen', group: 'north' },
      { id: 'cay', name: 'Cay', type: 'person', status: 'left' },
    ],
    trust_lines: [{ from: 'ann', to: 'ben', equivalent: 'UAH', limit: '10.50' }],
    ...pieces,
  });
}

function read(pieces: Pieces): Community {
  return parseCommunity(fileOf(pieces), 'hint');
}

function line(more: object): Pieces {
  return { trust_lines: [{ from: 'ann', to: 'ben', equivalent: 'UAH', limit: '1', ...more }] };
}

function payment(more: object): Pieces {
  return { payments: [{ from: 'ann', to: 'ben', equivalent: 'UAH', amount: '1', ...more }] };
}

function faultsOf(text: string): readonly string[] {
  try {
    parseCommunity(text, 'hint');
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    expect(error.code).toBe('E009');
    expect(error.details.fault).toBe('bad_community_file');
    return error.details.faults as readonly string[];
  }
  throw new Error('the file was accepted');
}

describe('a lawful file', () => {
  it('may have a hub beside the participants, which votes for all but those named', () => {
    expect(read({ hub: { id: 'council', own_nodes: ['ben', 'ben'] } }).hub).toEqual({
      id: 'council',
      name: 'council',
      ownNodes: ['ben'],
    });
  });

  it('is read whole, amounts as integers of the smallest unit', () => {
    const community = read({
      name: 'Three',
      payments: [{ from: 'ann', to: 'ben', equivalent: 'UAH', amount: '0.01', expect: 'refused' }],
    });
    expect(community).toEqual({
      name: 'Three',
      equivalents: [{ code: 'UAH', precision: 2, metadata: {} }],
      hub: null,
      participants: [
        {
          id: 'ann',
          name: 'Ann',
          type: 'person',
          participation: 'active',
          group: null,
          whenAsked: 'agrees',
        },
        {
          id: 'ben',
          name: 'Ben',
          type: 'person',
          participation: 'frozen',
          group: 'north',
          whenAsked: 'agrees',
        },
      ],
      trustLines: [
        {
          from: 'ann',
          to: 'ben',
          equivalent: 'UAH',
          limit: 1050n,
          policy: {
            auto_clearing: true,
            can_be_intermediate: true,
            daily_limit: null,
            blocked_participants: [],
          },
        },
      ],
      payments: [{ from: 'ann', to: 'ben', equivalent: 'UAH', amount: 1n, expect: 'refused' }],
      absent: ['cay'],
      ignored: [],
    });
  });

  it('may be YAML as well as JSON', () => {
    const yaml = `
      equivalents: [{ code: UAH, precision: 2, metadata: {} }]
      participants:
        - { id: ann, name: Ann, type: person }
        - { id: ben, name: Ben, type: person, status: frozen, group: north }
        - { id: cay, name: Cay, type: person, status: left }
      trust_lines: [{ from: ann, to: ben, equivalent: UAH, limit: 10.50 }]`;
    expect(parseCommunity(yaml, 'hint')).toEqual(read({}));
  });

  it('takes its name from the hint if it has none', () => {
    expect(read({}).name).toBe('hint');
  });

  it('takes no payments as an empty list', () => {
    expect(read({ payments: null }).payments).toEqual([]);
  });

  it('keeps metadata of any JSON as text, and leaves out what a node would not take', () => {
    const metadata = {
      type: 'fiat',
      units: [1, { cents: 0.01 }],
      backed: true,
      tale: 'x'.repeat(401),
    };
    const community = read({ equivalents: [{ code: 'UAH', precision: 2, metadata }] });
    expect(community.equivalents[0]?.metadata).toEqual({
      type: 'fiat',
      units: '[1,{"cents":0.01}]',
      backed: 'true',
    });
    expect(community.ignored).toEqual(['equivalents[].metadata.tale']);
  });

  it('leaves unknown keys alone and names each once', () => {
    const community = read({ behaviours: [{ group: 'north' }], ...line({ colour: 'red' }) });
    expect(community.ignored).toEqual(['behaviours', 'trust_lines[].colour']);
  });

  it('reads policies', () => {
    const policy = {
      auto_clearing: false,
      can_be_intermediate: false,
      daily_limit: '2.5',
      blocked_participants: ['ben', 'ben', 'cay'],
    };
    expect(read(line({ policy })).trustLines[0]?.policy).toEqual({
      auto_clearing: false,
      can_be_intermediate: false,
      daily_limit: 250n,
      blocked_participants: ['ben'],
    });
  });
});

describe('when_asked', () => {
  it.each(['agrees', 'refuses'] as const)('%s is what the participant will say', (word) => {
    const { participants } = read({
      participants: [{ id: 'ann', when_asked: word }, { id: 'ben' }],
    });
    expect(participants.map((each) => each.whenAsked)).toEqual([word, 'agrees']);
  });

  it('is a fault if it is any other word', () => {
    const text = fileOf({ participants: [{ id: 'ann', when_asked: 'shrugs' }, { id: 'ben' }] });
    expect(faultsOf(text)).toEqual([
      'participants[0].when_asked: one of agrees, refuses is expected',
    ]);
  });
});

describe('status', () => {
  it.each([
    ['active', 'active'],
    ['frozen', 'frozen'],
    ['suspended', 'frozen'],
  ])('%s means %s', (status, participation) => {
    const { participants } = read({ participants: [{ id: 'ann', status }, { id: 'ben' }] });
    expect(participants[0]).toMatchObject({ id: 'ann', name: 'ann', participation });
  });

  it.each(['left', 'deleted'])('%s leaves the participant and its lines out', (status) => {
    const community = read({ participants: [{ id: 'ann' }, { id: 'ben', status }] });
    expect(community.participants.map(({ id }) => id)).toEqual(['ann']);
    expect(community.trustLines).toEqual([]);
    expect(community.absent).toEqual(['ben']);
  });
});

describe('numbers', () => {
  it.each([
    ['10.50', 1050n],
    ['10', 1000n],
    ['0', 0n],
    ['92233720368547758.07', 2n ** 63n - 1n],
  ])('%s is exact whether written as a text or as a number', (digits, limit) => {
    const asText = fileOf(line({ limit: digits }));
    const asNumber = asText.replace(`"limit":"${digits}"`, `"limit":${digits}`);
    expect(asNumber).not.toBe(asText);
    expect(parseCommunity(asText, '').trustLines[0]?.limit).toBe(limit);
    expect(parseCommunity(asNumber, '').trustLines[0]?.limit).toBe(limit);
    const yaml = `{${asNumber.slice(1)} # the comment makes it YAML`.replace('{', '--- {');
    expect(parseCommunity(yaml, '').trustLines[0]?.limit).toBe(limit);
  });

  it('are not rounded by the file format', () => {
    // As a binary fraction this would be 90071992547409.94, which has two digits only.
    const text = fileOf(line({ limit: '90071992547409.938' })).replace(/"(9007[\d.]+)"/, '$1');
    expect(faultsOf(text)[0]).toContain('more than 2 digits');
  });
});

describe('faults', () => {
  const bad: [sentence: string, pieces: Pieces][] = [
    ['equivalents: is missing', { equivalents: null, trust_lines: [] }],
    ['equivalents: at least one entry is needed', { equivalents: [], trust_lines: [] }],
    ['participants: a list is expected', { participants: { ann: {} }, trust_lines: [] }],
    ['participants[0]: a map is expected', { participants: ['ann'], trust_lines: [] }],
    [
      'equivalents[0].code: "uah" is not an equi',
      { equivalents: [{ code: 'uah', precision: 2 }], trust_lines: [] },
    ],
    ['equivalents[0].precision: is missing', { equivalents: [{ code: 'UAH' }] }],
    ['equivalents[0].precision: The precision', { equivalents: [{ code: 'UAH', precision: 9 }] }],
    ['equivalents[0].precision: The precision', { equivalents: [{ code: 'UAH', precision: 1.5 }] }],
    [
      'equivalents[0].metadata: a map',
      { equivalents: [{ code: 'UAH', precision: 2, metadata: 1 }] },
    ],
    [
      'equivalents[1].code: "UAH" is defined twice',
      {
        equivalents: [
          { code: 'UAH', precision: 2 },
          { code: 'UAH', precision: 3 },
        ],
      },
    ],
    [
      'participants[1].id: "ann" is used twice',
      { participants: [{ id: 'ann' }, { id: 'ann' }], trust_lines: [] },
    ],
    ['participants[0].id: is missing', { participants: [{ name: 'Ann' }], trust_lines: [] }],
    [
      'participants[0].status: one of active',
      { participants: [{ id: 'ann', status: 'gone' }], trust_lines: [] },
    ],
    ['trust_lines[0].to: there is no participant "zed"', line({ to: 'zed' })],
    ['trust_lines[0].from: is missing', line({ from: null })],
    ['trust_lines[0].to: "ann" is also its own', line({ to: 'ann' })],
    ['trust_lines[0].equivalent: "EUR" is not among', line({ equivalent: 'EUR' })],
    ['trust_lines[0].limit: is missing', line({ limit: null })],
    ['trust_lines[0].limit: "-1" is not an amount', line({ limit: '-1' })],
    ['trust_lines[0].limit: "1e3" is not an amount', line({ limit: '1e3' })],
    ['trust_lines[0].limit: "1.005" has more than 2', line({ limit: '1.005' })],
    [
      'trust_lines[0].limit: "92233720368547758.08" is too large',
      line({ limit: '92233720368547758.08' }),
    ],
    ['trust_lines[0].limit: a text', line({ limit: ['1'] })],
    ['trust_lines[0].policy: a map is expected', line({ policy: 'open' })],
    [
      'trust_lines[0].policy.auto_clearing: true or false',
      line({ policy: { auto_clearing: 'yes' } }),
    ],
    ['trust_lines[0].policy.daily_limit: "x" is not', line({ policy: { daily_limit: 'x' } })],
    [
      'trust_lines[0].policy.blocked_participants[1]: there is no',
      line({ policy: { blocked_participants: ['ann', 'zed'] } }),
    ],
    [
      'trust_lines[0].policy.blocked_participants: a list',
      line({ policy: { blocked_participants: 'ann' } }),
    ],
    ['hub: a map is expected', { hub: 'ann' }],
    ['hub.id: is missing', { hub: { name: 'Council' } }],
    ['hub.id: "ann" is a participant', { hub: { id: 'ann' } }],
    ['hub.own_nodes[1]: there is no participant', { hub: { id: 'h', own_nodes: ['ann', 'cay'] } }],
    ['payments: a list is expected', { payments: 'none' }],
    ['payments[0].to: "ann" is also its own', payment({ to: 'ann' })],
    ['payments[0].to: there is no participant "zed"', payment({ to: 'zed' })],
    ['payments[0].to: "cay" has left the community', payment({ to: 'cay' })],
    ['payments[0].amount: The amount must be greater than zero', payment({ amount: '0' })],
    ['payments[0].amount: The amount must be greater than zero', payment({ amount: '-1' })],
    ['payments[0].amount: "0.001" has more than 2', payment({ amount: '0.001' })],
    ['payments[0].expect: one of committed', payment({ expect: 'paid' })],
  ];
  it.each(bad)('%s', (sentence, pieces) => {
    const faults = faultsOf(fileOf(pieces));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(sentence);
  });

  it('names both places of a line that stands there twice; the opposite line is another one', () => {
    const given = { from: 'ann', to: 'ben', equivalent: 'UAH', limit: '1' };
    const trust_lines = [given, { ...given, from: 'ben', to: 'ann' }, { ...given, limit: '2' }];
    expect(faultsOf(fileOf({ trust_lines }))).toEqual([
      'trust_lines[2]: the same line stands at trust_lines[0]',
    ]);
  });

  it('are reported all at once, and a bad equivalent does not make every line one', () => {
    const faults = faultsOf(
      fileOf({
        equivalents: [{ code: 'UAH' }],
        trust_lines: [
          { from: 'ann', to: 'ann', equivalent: 'UAH', limit: '-1' },
          { from: 'ann', to: 'zed', equivalent: 'EUR', limit: 'x' },
        ],
        ...payment({ from: 'zed', amount: '0' }),
      }),
    );
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'equivalents[0].precision',
      'trust_lines[0].to',
      'trust_lines[0].limit',
      'trust_lines[1].to',
      'trust_lines[1].equivalent',
      'trust_lines[1].limit',
      'payments[0].from',
      'payments[0].amount',
    ]);
  });

  it('shows the first of very many and keeps all in the details', () => {
    const trust_lines = Array.from({ length: 300 }, () => 5);
    const text = fileOf({ trust_lines });
    expect(faultsOf(text)).toHaveLength(300);
    expect(() => parseCommunity(text, '')).toThrow(/… and 275 more$/);
  });

  it.each([
    ['', 'the file must be a map'],
    ['[1, 2]', 'the file must be a map'],
    ['just words', 'the file must be a map'],
    ['12', 'the file must be a map'],
    ['{"equivalents": [', 'neither JSON nor YAML'],
    ['equivalents: [', 'neither JSON nor YAML'],
    ['a: 1\na: 2', 'neither JSON nor YAML'],
    [`a: &a [1,1]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]`, 'neither JSON nor YAML'],
  ])('refuses %j, which is no community', (text, sentence) => {
    expect(faultsOf(text)[0]).toContain(sentence);
  });
});
