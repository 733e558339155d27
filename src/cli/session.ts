/** A command's hold on a CA: opened from the home, closed whatever happens. */
import { CertificateAuthority } from '../authority/authority.ts';
import { LocalCaError } from '../errors.ts';
import { type Home, openHome } from '../store/home.ts';
import type { Context, Flag, Flags } from './command.ts';
import { settle } from './settle.ts';
import { secretFrom } from './values.ts';

export const PASSPHRASE_FLAGS: readonly Flag[] = [
  { flags: '--passphrase-file <file>', about: "first line opens the CA's encrypted key (LOCAL_CA_PASSPHRASE)" },
];

export interface Session {
  readonly home: Home;
  readonly ca: CertificateAuthority;
}

type Use<T> = (session: Session) => Promise<T>;

export const withAuthority = <T>(context: Context, flags: Flags, use: Use<T>): Promise<T> =>
  withSession(context, flags, use, { allowNone: false, settled: true });

/** For what is about certificates, of other CAs too: the home need not have a CA of its own. */
export const withRecords = <T>(context: Context, flags: Flags, use: Use<T>): Promise<T> =>
  withSession(context, flags, use, { allowNone: true, settled: true });

/** The same for what only looks: it finishes nobody's work, and so never waits for a disk that is away. */
export const readRecords = <T>(context: Context, flags: Flags, use: Use<T>): Promise<T> =>
  withSession(context, flags, use, { allowNone: true, settled: false });

interface Opening {
  readonly allowNone: boolean;
  /** First see to what a run that was killed had begun. */
  readonly settled: boolean;
}

async function withSession<T>(context: Context, flags: Flags, use: Use<T>, opening: Opening): Promise<T> {
  const { allowNone, settled } = opening;
  const home = await openHome(context.home);
  try {
    if (settled) await settle(context, home);
    const passphrase = () => existingPassphrase(context, flags);
    const ca = await CertificateAuthority.open(home, { passphrase, ambient: context.ambient, allowNone });
    return await use({ home, ca });
  } finally {
    await home.close();
  }
}

/** From the file, the environment, or the person; asked for only when a key turns out to be encrypted. */
export async function existingPassphrase(context: Context, flags: Flags): Promise<string> {
  const given = givenPassphrase(context, flags);
  if (given !== undefined) return given;
  if (!context.io.interactive) throw passphraseMissing();
  const { askPassphrase } = await import('./wizard/passphrase.ts');
  return askPassphrase("Passphrase of the CA's key");
}

/**
 * For a CA that is about to be made or taken over; undefined for a plain key. A passphrase that nobody would use is
 * refused: its giver would believe the key to be encrypted.
 */
export async function chosenPassphrase(context: Context, flags: Flags): Promise<string | undefined> {
  if (flags.encryptKey === true) return newPassphrase(context, flags);
  if (context.env.LOCAL_CA_PASSPHRASE) {
    context.io.warn("LOCAL_CA_PASSPHRASE is set, but without --encrypt-key the CA's key is kept as it is");
  }
  if (flags.passphraseFile === undefined) return undefined;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    '--passphrase-file was given without --encrypt-key',
    "Add --encrypt-key to encrypt the CA's key, or leave the file out.",
  );
}

async function newPassphrase(context: Context, flags: Flags): Promise<string> {
  const given = givenPassphrase(context, flags);
  if (given !== undefined) return given;
  if (!context.io.interactive) throw passphraseMissing();
  const { askNewPassphrase } = await import('./wizard/passphrase.ts');
  return askNewPassphrase("New passphrase for the CA's key");
}

export function givenPassphrase(context: Context, flags: Flags): string | undefined {
  return secretFrom(flags, 'passphrase') ?? (context.env.LOCAL_CA_PASSPHRASE || undefined);
}

const passphraseMissing = () =>
  new LocalCaError(
    'LOCAL_CA_ANSWER_MISSING',
    "the CA's key needs a passphrase",
    'Give it with --passphrase-file FILE, or in LOCAL_CA_PASSPHRASE.',
  );
