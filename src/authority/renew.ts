/** What a renewal asks for: all that the certificate before was, for as long as it was. */
import { KEY_TYPES } from '../core/algorithms.ts';
import { ACCESS_METHOD, readAuthorityInformation, readDistributionPoints } from '../core/distribution.ts';
import { EXTENSION } from '../core/extensions.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { latin1 } from '../core/name-text.ts';
import type { OptionKinds } from '../core/option-kinds.ts';
import type { LeafOptions } from '../core/options.ts';
import { type Certificate, extensionValue, parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import type { Validity } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, Store } from '../store/store.ts';
import type { KeyVault } from '../store/vault.ts';
import type { KeyChoice } from './issue.ts';
import { assertOwnKey } from './own-key.ts';
import { refuseStolen } from './stolen-key.ts';

/** For `CertificateAuthority.renew`. */
export interface RenewOptions {
  /** Days until the new one expires; as many as the one before unless given. */
  days?: number | undefined;
  /** Make a new key; otherwise the key stays. */
  newKey?: boolean | undefined;
  /** The private key (PEM or DER), where the home keeps no copy: then files that need it can be made. */
  key?: Uint8Array | undefined;
  /** Keep a copy of the private key from now on; a copy that is kept already stays either way. */
  keepKey?: boolean | undefined;
  /** Allow more than 825 days. Whoever wanted a long life before has said so already. */
  force?: boolean | undefined;
}

export const RENEW_OPTIONS: OptionKinds<RenewOptions> = {
  days: 'number',
  newKey: 'boolean',
  key: 'bytes',
  keepKey: 'boolean',
  force: 'boolean',
};

const DAY = 86_400_000;

export const USUAL_DAYS = { leaf: 365, intermediate: 1825, root: 3650 } as const;

/** For as many days as before; where the issuer's end may have cut them short, for no fewer than usual. */
export function lifeInDays({ notBefore, notAfter }: Validity, issuer: Validity | undefined, usual: number): number {
  const days = Math.max(1, Math.round((notAfter.getTime() - notBefore.getTime()) / DAY));
  return issuer !== undefined && notAfter >= issuer.notAfter ? Math.max(days, usual) : days;
}

/** What stays as it was; `issuer` is who signed it. */
export function renewalOptions(
  record: CertificateRecord,
  issuer: Validity | undefined,
  { days, force }: Pick<RenewOptions, 'days' | 'force'>,
): LeafOptions {
  const certificate = parseCertificate(record.certificate);
  return {
    names: record.names,
    profile: record.profile,
    label: record.label,
    keyType: record.keyType,
    // An empty one was the CA's doing, and will be again.
    subject: record.subject === '' ? undefined : record.subject,
    template: record.template ?? undefined,
    days: days ?? lifeInDays(record, issuer, USUAL_DAYS.leaf),
    crlUrls: unlessEmpty(crlUrlsOf(certificate)),
    ocspUrls: unlessEmpty(ocspUrlsOf(certificate)),
    force: days === undefined || force === true,
  };
}

const unlessEmpty = (list: readonly string[]) => (list.length === 0 ? undefined : list);

/** Where a certificate says that the list of its issuer is. */
export function crlUrlsOf(certificate: Certificate): string[] {
  const value = extensionValue(certificate, EXTENSION.crlDistributionPoints);
  return value === undefined ? [] : readDistributionPoints(value).flatMap(urlOf);
}

function ocspUrlsOf(certificate: Certificate): string[] {
  const value = extensionValue(certificate, EXTENSION.authorityInformation);
  const all = value === undefined ? [] : readAuthorityInformation(value);
  return all.filter(({ method }) => method === ACCESS_METHOD.ocsp).flatMap(({ location }) => urlOf(location));
}

const urlOf = (name: { readonly kind: string; readonly bytes: Uint8Array }): string[] =>
  name.kind === 'uri' ? [latin1(name.bytes)] : [];

/**
 * Throws LOCAL_CA_NOT_RENEWABLE for what is revoked, was superseded, or comes from another CA. `newest` is what its label
 * stands for now.
 */
export function assertRenewable(record: CertificateRecord, newest: CertificateRecord): void {
  const who = `the certificate ${record.serial} of ${quote(record.label)}`;
  if (record.state === 'revoked') {
    const held = record.revocation?.reason === 'certificateHold';
    throw notRenewable(
      `${who} was revoked (${record.revocation?.reason})`,
      held
        ? `Release it first: local-ca revoke ${record.serial} --release`
        : `Issue a new one, with a new key: local-ca issue ${namesForShell(record)} --label ${record.label}${choicesOf(record)}`,
    );
  }
  if (record.issuerId === null) {
    throw notRenewable(
      `${who} was signed by another CA`,
      `Ask that CA again, for the same names: local-ca csr create --renew ${record.label}`,
    );
  }
  if (record.serial === newest.serial) return;
  throw notRenewable(`${who} was superseded by ${newest.serial}`, `Renew that one: local-ca renew ${record.label}`);
}

/** Throws LOCAL_CA_KEY_REFUSED for a key that was stolen, though it was another certificate that was revoked for it. */
export function assertKeyTrusted({ serial, label, certificate }: CertificateRecord, store: Store): Promise<void> {
  const { publicKey } = parseCertificate(certificate);
  const hint = `Revoke it too, and give its server a new key: local-ca renew ${label} --new-key`;
  return refuseStolen(store, publicKey, `the key of the certificate ${serial} of ${quote(label)}`, hint);
}

/** A wildcard's star is not for the shell. */
const namesForShell = ({ names }: CertificateRecord) => names.map(forShell).join(' ');

const forShell = (word: string) => (/^[\w.@:/-]+$/.test(word) ? word : `'${word}'`);

/** What `issue` would choose otherwise; a template may have wishes of its own, so that beside one all is said. */
function choicesOf({ profile, template, keyType }: CertificateRecord): string {
  const wishes = [
    ...(template === null ? [] : [`--template ${forShell(template)}`]),
    ...(template === null && profile === 'server' ? [] : [`--profile ${profile}`]),
    ...((template === null && keyType === 'p256') || !KEY_TYPES.includes(keyType) ? [] : [`--key-type ${keyType}`]),
  ];
  return wishes.map((wish) => ` ${wish}`).join('');
}

const notRenewable = (message: string, hint: string) => new LocalCaError('LOCAL_CA_NOT_RENEWABLE', message, hint);

/** The key of the certificate before, or a new one; with its private half where somebody has it. */
export async function renewalKey(
  record: CertificateRecord,
  { newKey, key, keepKey }: RenewOptions,
  vault: KeyVault,
): Promise<KeyChoice> {
  if (newKey === true) return { kind: 'new' };
  const { publicKey } = parseCertificate(record.certificate);
  const own = await privateKeyOf(record, key, vault);
  if (own !== undefined || keepKey !== true) return { kind: 'existing', publicKey, key: own };
  throw new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the private key of ${quote(record.label)} cannot be kept: it is not here`,
    'Give it along, or leave it to whoever has it.',
  );
}

async function privateKeyOf(
  record: CertificateRecord,
  given: Uint8Array | undefined,
  vault: KeyVault,
): Promise<PrivateKey | undefined> {
  if (given === undefined) return record.keyId === null ? undefined : importKey(await vault.load(record.keyId));
  const key = importKey(given);
  assertOwnKey(
    key,
    record.certificate,
    `the certificate ${quote(record.label)}`,
    'Give the key file that was made with it.',
  );
  return key;
}
