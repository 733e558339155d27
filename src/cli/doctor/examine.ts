/** Runs the checks one after the other, and on request does what can be done about what they find. */
import { join } from 'node:path';
import { CertificateAuthority } from '../../authority/authority.ts';
import { LocalCaError } from '../../errors.ts';
import { type Home, openHome } from '../../store/home.ts';
import { LOCK, look } from '../../store/layout.ts';
import { fileLock } from '../../store/lock.ts';
import type { Context } from '../command.ts';
import { CHECKS } from './checks.ts';
import { error, type Finding, type Patient } from './finding.ts';
import { checkPermissions } from './permissions.ts';

export interface Diagnosis extends Finding {
  readonly check: string;
  /** What was done about it; null when nothing was. */
  readonly repaired: string | null;
}

export interface Examination {
  readonly repair: boolean;
  readonly passphrase: string | undefined;
}

export const isTrouble = ({ severity, repaired }: Diagnosis): boolean => severity !== 'note' && repaired === null;

/** Throws what opening a home throws where there is none. */
export async function examine(
  context: Pick<Context, 'ambient'>,
  path: string,
  examination: Examination,
): Promise<Diagnosis[]> {
  const { repair } = examination;
  const there = look(path) === 'home' || look(path) === 'damaged';
  const first = there ? await treat('permissions', async () => checkPermissions(path), repair) : [];
  const home = await openOr(path, there);
  if ('severity' in home) return [...first, { ...home, check: 'inventory', repaired: null }];
  try {
    return [...first, ...(await examineHome(context, home, examination))];
  } finally {
    await home.close();
  }
}

/** A home that cannot be opened is a finding too. */
async function openOr(path: string, there: boolean): Promise<Home | Finding> {
  try {
    return await openHome(path);
  } catch (thrown) {
    if (there && thrown instanceof LocalCaError) return error(thrown.message, thrown.hint);
    throw thrown;
  }
}

async function examineHome(
  { ambient }: Pick<Context, 'ambient'>,
  home: Home,
  { repair, passphrase }: Examination,
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const { name, run } of CHECKS) {
    const work = async () => {
      const ca = await CertificateAuthority.open(home, { ambient, allowNone: true });
      const locked = fileLock(join(home.path, LOCK));
      const patient: Patient = { home, ca, authorities: await home.store.authorities(), ambient, locked, passphrase };
      return run(patient);
    };
    found.push(...(await treat(name, work, repair)));
  }
  return found;
}

async function treat(check: string, run: () => Promise<readonly Finding[]>, repair: boolean): Promise<Diagnosis[]> {
  const done: Diagnosis[] = [];
  for (const finding of await findings(run)) {
    done.push({ ...finding, check, ...(repair ? await repaired(finding) : { repaired: null }) });
  }
  return done;
}

/** A check that cannot go on has found something, too. */
async function findings(run: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof LocalCaError) return [error(thrown.message, thrown.hint)];
    throw thrown;
  }
}

async function repaired({ repair, hint }: Finding): Promise<{ repaired: string | null; hint: string }> {
  if (repair === undefined) return { repaired: null, hint };
  try {
    return { repaired: await repair(), hint };
  } catch (thrown) {
    if (!(thrown instanceof LocalCaError) && !(thrown instanceof Error && 'syscall' in thrown)) throw thrown;
    return { repaired: null, hint: `It could not be repaired: ${thrown.message}. ${hint}` };
  }
}
