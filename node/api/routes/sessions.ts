/** Endpoints of signing in. */
import { z } from 'zod';
import type { SessionOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const SESSION_ROUTES: RoutesOf<SessionOperations> = {
  challenge: {
    method: 'POST',
    path: '/auth/challenge',
    tag: 'sessions',
    summary: 'What a participant has to sign to sign in; the same for a key that nobody knows',
    access: 'anyone',
    input: { in: 'body', shape: shapes.ChallengeRequest },
    response: shapes.Challenge,
  },
  signIn: {
    method: 'POST',
    path: '/auth/sign-in',
    tag: 'sessions',
    summary: 'Begin a session, with a signed challenge',
    access: 'anyone',
    input: { in: 'body', shape: shapes.SignInRequest },
    response: shapes.Tokens,
  },
  exchangeTokens: {
    method: 'POST',
    path: '/auth/exchange',
    tag: 'sessions',
    summary: 'New tokens for a refresh token; one that was exchanged before ends the session',
    access: 'anyone',
    input: { in: 'body', shape: shapes.ExchangeRequest },
    response: shapes.Tokens,
  },
  makeLink: {
    method: 'POST',
    path: '/auth/link',
    tag: 'sessions',
    summary:
      'Let an e-mail address or phone number with a password and one-time codes sign in to read',
    access: 'anyone',
    input: { in: 'body', shape: shapes.LinkRequest },
    response: shapes.NewLink,
  },
  endLink: {
    method: 'POST',
    path: '/auth/link/end',
    tag: 'sessions',
    summary: 'Let nobody sign in for this participant but its key',
    access: 'anyone',
    input: { in: 'body', shape: shapes.EndLinkRequest },
    response: shapes.EndedLink,
  },
  signInByLink: {
    method: 'POST',
    path: '/auth/link/sign-in',
    tag: 'sessions',
    summary: 'Begin a session to read with, by name, password and one-time code',
    access: 'anyone',
    input: { in: 'body', shape: shapes.LinkSignInRequest },
    response: shapes.Tokens,
  },
  links: {
    method: 'GET',
    path: '/auth/links',
    tag: 'sessions',
    summary: 'Members whom the hub may know by an e-mail address or phone number',
    access: 'auditor',
    input: null,
    response: z.array(shapes.Link),
  },
  sessions: {
    method: 'GET',
    path: '/auth/sessions',
    tag: 'sessions',
    summary: "Sessions of the caller, newest first; for the node's owner those of everybody",
    access: 'member',
    input: null,
    response: z.array(shapes.Session),
  },
  endSession: {
    method: 'POST',
    path: '/auth/sessions/end',
    tag: 'sessions',
    summary: 'End a session: none of its tokens is worth anything any more',
    access: 'member',
    input: { in: 'body', shape: shapes.SessionRef, field: 'session' },
    response: shapes.Session,
  },
};
