import { resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type Accepted, type AcceptOptions, acceptAnswer } from '../../authority/accept.ts';
import { parseCsr } from '../../core/csr.ts';
import { equalBytes } from '../../core/der.ts';
import { subjectText } from '../../core/findings.ts';
import { nameText } from '../../core/name-text.ts';
import { fingerprintSha256, parseCertificate } from '../../core/parse.ts';
import { LocalCaError } from '../../errors.ts';
import { pemCertificates } from '../../formats/pem.ts';
import { inHome } from '../../store/fill-home.ts';
import type { Home } from '../../store/home.ts';
import type { Command, Context, Flags } from '../command.ts';
import { type Delivery, findTemplate, outputFlags, stageDelivery, wishesOf } from '../deliver.ts';
import { placedKey } from '../find-key.ts';
import { Handover } from '../handover.ts';
import { KEY_FLAGS, keyGiven, keyPassword } from '../key-flags.ts';
import { certificatesOf, readInput } from '../read-file.ts';
import { deliveredPaths, issuedJson } from '../records.ts';
import { bundleWishes } from '../renewal.ts';
import { isOfRequest } from '../request-files.ts';
import { settle } from '../settle.ts';
import { allWarnings, tellCertificate } from './issue.ts';

export const csrAccept: Command = {
  name: 'csr accept',
  args: '[files...]',
  summary: 'Take the certificate that another CA made from a request, and make its files',
  flags: [
    ...KEY_FLAGS,
    { flags: '--ca <file>', about: "the CA's certificates, where they did not come with the answer" },
    { flags: '-l, --label <label>', about: "names the certificate and its files (default: the request's)" },
    { flags: '--keep-key', about: 'keep a copy of the private key in the home, for export' },
    ...outputFlags('take an answer that is older than the certificate here, or has expired'),
  ],
  examples: [
    ['local-ca csr accept db1.zip', 'PEM, DER, PKCS#7 or a zip; the files go where those of the request are'],
    ['local-ca csr accept db1.crt chain.crt --template nginx', 'what came in several files, in any order'],
    ['local-ca csr accept db1.crt --key db1.key.pem', 'a certificate whose request was made with another program'],
  ],
  run: async (context, files, flags) => {
    if (!context.io.interactive || files.length > 0) return acceptWithout(context, files, flags);
    const { acceptWizard } = await import('../wizard/accept.ts');
    return acceptWizard(context, flags);
  },
};

/** Takes what was given without a question. */
export async function acceptWithout(context: Context, files: readonly string[], flags: Flags): Promise<undefined> {
  if (files.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_ANSWER_MISSING',
      'no file was given',
      'Name what the CA sent: local-ca csr accept db1.crt. What waits for an answer: local-ca csr show',
    );
  }
  const certificates = await certificatesIn(files, flags);
  const options = await optionsOf(context, flags);
  const handover = new Handover();
  const take = async (home: Home) => {
    await settle(context, home);
    const deliver = async (accepted: Accepted) => {
      const delivery = handover.put(await stageAnswer(context, home, accepted, flags));
      await delivery.commit();
      return delivery.placements;
    };
    const key = options.key ?? (await keyOnRecord(home, certificates, flags.ca !== undefined));
    return acceptAnswer(home, certificates, { ...options, key }, { deliver }, context.ambient);
  };
  // Only with a key of its own does an answer need no request, and so no home.
  const accepted = await inHome(context.home, take);
  tell(context, accepted, handover.delivery);
}

/** Of a certificate that was accepted before: what comes with it now may complete its chain. */
async function keyOnRecord(
  { store, leafKeys }: Home,
  certificates: readonly Uint8Array[],
  more: boolean,
): Promise<Uint8Array | undefined> {
  const fingerprints = certificates.map(fingerprintSha256);
  const records = await store.certificates({ state: 'valid' });
  const record = records.find((one) => one.issuerId === null && fingerprints.includes(one.fingerprintSha256));
  if (record === undefined || (!more && certificates.length <= record.chain.length + 1)) return undefined;
  // An answer may have the certificate before in it, or the chain of another: what waits comes first.
  const keys = certificates.map((der) => parseCertificate(der).publicKey);
  const waiting = (await store.requests()).map(({ request }) => parseCsr(request).publicKey);
  if (waiting.some((key) => keys.some((one) => equalBytes(one, key)))) return undefined;
  if (record.keyId !== null) return leafKeys.load(record.keyId);
  const placement = (await store.placements()).find(({ label }) => label === record.label);
  return placement && placedKey(placement, record.certificate);
}

async function certificatesIn(files: readonly string[], flags: Flags): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const file of files) found.push(...(await certificatesOf(await readInput(file), file, keyPassword(flags))));
  return found;
}

async function optionsOf(context: Context, flags: Flags): Promise<AcceptOptions> {
  const ca = flags.ca as string | undefined;
  const given = ca === undefined ? [] : await certificatesOf(await readInput(ca), ca, undefined);
  // Found out before anything is made.
  const template =
    flags.template === undefined ? undefined : (await findTemplate(context, flags.template as string)).name;
  return {
    key: keyGiven(flags),
    // Public CAs send no root; Node has the list that Mozilla keeps.
    known: [...given, ...pemCertificates(rootCertificates.join('\n'))],
    label: flags.label as string | undefined,
    template,
    keepKey: flags.keepKey === true,
    force: flags.force === true,
  };
}

/** A renewal's files are made as those before were. */
async function stageAnswer(context: Context, { store }: Home, accepted: Accepted, flags: Flags): Promise<Delivery> {
  const { record, material, folder } = accepted;
  const out = (flags.out as string | undefined) ?? folder ?? record.label;
  const placement = (await store.placements()).find((one) => one.label === record.label && one.folder === resolve(out));
  const asked = wishesOf(flags);
  const wishes = { ...bundleWishes(record.label, placement, { password: asked.password }), ...asked };
  const name = (flags.template as string | undefined) ?? placement?.template ?? record.template ?? undefined;
  const zip = (flags.zip as string | undefined) ?? placement?.zip ?? undefined;
  const template = await findTemplate(context, name);
  const delivery = await stageDelivery([{ material, template, out, wishes }], context, {
    zip,
    force: flags.force === true,
  });
  const key = material.leaf?.key;
  const leftovers = delivery.leftovers.map((paths) => paths.filter((path) => !isOfRequest(path, record.label, key)));
  return { ...delivery, leftovers };
}

function tell(context: Context, accepted: Accepted, delivery: Delivery): void {
  const { record, changes, complete } = accepted;
  tellCertificate(context, accepted, delivery, 'accepted');
  const { issuer } = parseCertificate(record.certificate);
  context.io.say(`  signed by ${nameText(issuer)}${complete ? '' : ', whose root is not known here'}`);
  const json = issuedJson(record, delivery, allWarnings(accepted, delivery));
  const chain = record.chain.map((der) => subjectText(parseCertificate(der)));
  context.io.result({ ...json, issuer: nameText(issuer), chain, complete, changes }, deliveredPaths(delivery));
}
