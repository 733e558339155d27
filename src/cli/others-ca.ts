/** The certificates of a CA that is not ours, such as a cloud's: for the files that its clients need. */
import { materialOf } from '../authority/material.ts';
import type { Material } from '../bundle/material.ts';
import { attempt } from '../core/attempt.ts';
import { factsOf } from '../core/facts.ts';
import { nameText } from '../core/name-text.ts';
import { basicConstraintsOf, type Certificate, isSelfIssued } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { certificatesToTrust } from './roots.ts';

/** PEM, DER, PKCS#7 or a zip of these. Where no root is among them, all are trusted as they are. */
export async function materialFrom(file: string): Promise<Material> {
  const all = await certificatesToTrust(file);
  for (const one of all) refuseLeaf(one, file);
  const roots = all.filter(isSelfIssued);
  const others = all.filter((one) => !isSelfIssued(one));
  const [trusted, between] = roots.length === 0 ? [others, []] : [roots, others];
  const certificates = { roots: trusted.map(({ der }) => der), intermediates: between.map(({ der }) => der) };
  return { ...materialOf(certificates), others: true };
}

/** Roots from before version 3 have no extensions; whoever names them as a CA knows it. */
function refuseLeaf(certificate: Certificate, file: string): void {
  refuseTorn(certificate, file);
  const constraints = basicConstraintsOf(certificate);
  if (constraints === undefined ? isSelfIssued(certificate) : constraints.authority) return;
  throw new LocalCaError(
    'LOCAL_CA_CERTIFICATE_INVALID',
    `${file} has the certificate of ${quote(nameText(certificate.subject))} in it, which is no CA`,
    'Give the file with the CA certificates alone.',
  );
}

/** What its files tell of it has to be there. */
function refuseTorn(certificate: Certificate, file: string): void {
  if (attempt(() => [basicConstraintsOf(certificate), factsOf(certificate)]) !== undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_CERTIFICATE_INVALID',
    `${file} has a damaged certificate in it, with the serial number ${certificate.serial}`,
    'Ask for the file again; local-ca inspect FILE shows what of it can be read.',
  );
}
