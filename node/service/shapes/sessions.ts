/** Signing in by HTTP, and who has. */
import { z } from 'zod';
import { hash, pid, time } from './words.ts';

export const ChallengeRequest = z.strictObject({
  public_key: hash.describe('of whoever wants to sign in'),
});

export const Challenge = z.object({
  challenge: z.string().describe('to be signed in a SIGN_IN, in base64'),
  node: pid.describe('for whom it is signed'),
  expires: time,
});

export const SignInRequest = z.strictObject({
  envelope: z
    .string()
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
    .max(2_000)
    .describe('a signed SIGN_IN, in base64'),
  label: z
    .string()
    .max(40)
    .default('')
    .describe('what the client calls itself, for the list of sessions'),
});

const credentials = {
  name: z.string().min(3).max(254).describe('e-mail address, or phone number with its country'),
  password: z.string().min(10).max(200),
};

export const LinkRequest = z.strictObject({
  envelope: SignInRequest.shape.envelope,
  ...credentials,
});

export const NewLink = z.object({
  name: z.string(),
  otpauth: z.string().describe('for an app that makes one-time codes; told once'),
  recovery: z
    .array(z.string())
    .describe('codes for when the app is lost, each good once; told once'),
});

export const EndLinkRequest = z.strictObject({ envelope: SignInRequest.shape.envelope });
export const EndedLink = z.object({ participant: pid });

export const LinkSignInRequest = z.strictObject({
  ...credentials,
  code: z.string().min(6).max(40).describe('of the app, or a recovery code'),
  label: SignInRequest.shape.label,
});

export const Link = z.object({
  participant: pid,
  name: z.string().describe('as the participant has given it; nobody has checked it'),
  made: time,
});

export const ExchangeRequest = z.strictObject({
  refresh_token: z.string().min(1).max(200),
  nonce: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe(
      '32 hexadecimal digits, made anew for each exchange. Whoever did not hear the answer asks with the same again',
    ),
});

export const Tokens = z.object({
  session: hash,
  participant: pid,
  access_token: z.string(),
  access_expires: time,
  refresh_token: z.string().describe('for one exchange; a second one ends the session'),
  refresh_expires: time,
});

export const SessionRef = z.strictObject({ session: z.string().min(8).max(64) });

export const Session = z.object({
  session: hash,
  participant: pid,
  label: z.string(),
  begun: time,
  rotated: time.describe('when the tokens were last exchanged'),
  expires: time,
  current: z.boolean().describe('it is the one that asks'),
});

export type ChallengeRequest = z.infer<typeof ChallengeRequest>;
export type Challenge = z.infer<typeof Challenge>;
export type SignInRequest = z.infer<typeof SignInRequest>;
export type LinkRequest = z.infer<typeof LinkRequest>;
export type NewLink = z.infer<typeof NewLink>;
export type EndLinkRequest = z.infer<typeof EndLinkRequest>;
export type EndedLink = z.infer<typeof EndedLink>;
export type LinkSignInRequest = z.infer<typeof LinkSignInRequest>;
export type Link = z.infer<typeof Link>;
export type ExchangeRequest = z.infer<typeof ExchangeRequest>;
export type Tokens = z.infer<typeof Tokens>;
export type SessionRef = z.infer<typeof SessionRef>;
export type Session = z.infer<typeof Session>;
