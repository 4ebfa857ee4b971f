/** The rows of the fault matrix about clearings: circles, long ones, chains, and consents of members. */
import { type Row, TO_PAYER, TO_VOTERS, type Way } from './row.ts';

export const CLEARING: readonly Row[] = [
  {
    scenario: 'cleared',
    type: 'CLEARING_PREPARE',
    ways: TO_VOTERS,
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
  {
    scenario: 'cleared',
    type: 'CLEARING_PREPARE_ACK',
    ways: TO_PAYER,
    ends: 'not cleared',
    but: { duplicate: 'cleared', 'kill sender': 'cleared' },
  },
  { scenario: 'cleared', type: 'CLEARING_COMMIT', ways: TO_VOTERS, ends: 'cleared' },
  { scenario: 'cleared', type: 'CLEARING_COMMIT_ACK', ways: TO_PAYER, ends: 'cleared' },
  {
    scenario: 'agreed',
    type: 'CLEARING_PREPARE_ACK',
    ways: ['payee>payer'],
    // A NO that comes too late, or to a process that has ended, asks for no consent any more.
    ends: 'not cleared',
    but: { duplicate: 'cleared', 'kill sender': 'cleared' },
  },
  {
    scenario: 'agreed',
    type: 'CLEARING_ABORT',
    ways: ['payer>middle'],
    ends: 'cleared',
  },
  { scenario: 'agreed', type: 'CLEARING_PROPOSE', ways: ['payer>payee'], ends: 'cleared' },
  {
    scenario: 'agreed',
    type: 'CLEARING_ACCEPT',
    ways: ['payee>payer'],
    ends: 'cleared',
    // It agreed, and is away when the votes are asked for.
    but: { 'kill sender': 'not cleared' },
  },
  { scenario: 'disagreed', type: 'CLEARING_REJECT', ways: ['payee>payer'], ends: 'not cleared' },
  {
    scenario: 'found',
    type: 'CLEARING_SEARCH',
    ways: ['payer>middle'],
    // It looks for short cycles and for long ones: what the first question misses the second finds.
    ends: 'cleared',
    but: { throw: 'not cleared', 'kill receiver': 'not cleared', 'kill sender': 'not cleared' },
  },
  {
    scenario: 'found',
    type: 'CLEARING_FOUND',
    ways: ['middle>payer'],
    ends: 'cleared',
    but: { throw: 'not cleared', 'kill receiver': 'not cleared', 'kill sender': 'not cleared' },
  },
];

/** The messages of a commit, as coordinated by one of three. */
function commitOf(
  scenario: Row['scenario'],
  toVoters: readonly Way[],
  toCoordinator: readonly Way[],
): Row[] {
  return [
    {
      scenario,
      type: 'CLEARING_PREPARE',
      ways: toVoters,
      ends: 'not shortened',
      but: { duplicate: 'shortened' },
    },
    {
      scenario,
      type: 'CLEARING_PREPARE_ACK',
      ways: toCoordinator,
      ends: 'not shortened',
      but: { duplicate: 'shortened', 'kill sender': 'shortened' },
    },
    { scenario, type: 'CLEARING_COMMIT', ways: toVoters, ends: 'shortened' },
    { scenario, type: 'CLEARING_COMMIT_ACK', ways: toCoordinator, ends: 'shortened' },
  ];
}

/** Whoever is in the chain may propose to shorten it. */
export const CHAINS: readonly Row[] = [
  ...commitOf('shortened', TO_VOTERS, TO_PAYER),
  ...commitOf(
    'shortenedFromTheMiddle',
    ['middle>payer', 'middle>payee'],
    ['payer>middle', 'payee>middle'],
  ),
  ...commitOf(
    'shortenedFromTheEnd',
    ['payee>payer', 'payee>middle'],
    ['payer>payee', 'middle>payee'],
  ),
];

/** Five in a circle. */
export const LONG_CYCLES: readonly Row[] = [
  {
    scenario: 'marked',
    type: 'CLEARING_MARK',
    ways: ['payer>last', 'last>far', 'far>payee'],
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
  {
    scenario: 'given',
    type: 'CLEARING_SEARCH',
    ways: ['payer>middle', 'middle>payee', 'payee>far'],
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
  {
    scenario: 'given',
    type: 'CLEARING_FOUND',
    ways: ['far>payee', 'payee>middle', 'middle>payer'],
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
];

/** A coordinator elsewhere asks a hub's members. */
export const MEMBERS_ASKED: readonly Row[] = [
  {
    scenario: 'agreedByMembers',
    type: 'CLEARING_PROPOSE',
    ways: ['payer>middle'],
    ends: 'cleared',
  },
  {
    scenario: 'agreedByMembers',
    type: 'CLEARING_ACCEPT',
    ways: ['middle>payer'],
    ends: 'cleared',
    // It is away when the votes are asked for.
    but: { 'kill sender': 'not cleared' },
  },
  {
    scenario: 'disagreedByMembers',
    type: 'CLEARING_REJECT',
    ways: ['middle>payer'],
    ends: 'not cleared',
  },
  {
    scenario: 'agreedByMembers',
    type: 'CLEARING_PREPARE',
    ways: ['payer>middle'],
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
  {
    scenario: 'agreedByMembers',
    type: 'CLEARING_PREPARE_ACK',
    ways: ['middle>payer'],
    ends: 'not cleared',
    but: { duplicate: 'cleared', 'kill sender': 'cleared' },
  },
  { scenario: 'agreedByMembers', type: 'CLEARING_COMMIT', ways: ['payer>middle'], ends: 'cleared' },
  {
    scenario: 'agreedByMembers',
    type: 'CLEARING_COMMIT_ACK',
    ways: ['middle>payer'],
    ends: 'cleared',
  },
];
