import { join, resolve } from 'node:path';
import { type CreatedRequest, createRequest, type RequestOptions } from '../../authority/requests.ts';
import { type Staged, stageDirectory } from '../../bundle/directory.ts';
import { BundleFile } from '../../bundle/file.ts';
import { KEY_TYPES } from '../../core/algorithms.ts';
import { parseCsr } from '../../core/csr.ts';
import { nameText } from '../../core/name-text.ts';
import { normalizeLeaf } from '../../core/options.ts';
import { LEAF_PROFILES } from '../../core/profiles.ts';
import { LocalCaError } from '../../errors.ts';
import { encodePem, privateKeyPem } from '../../formats/pem.ts';
import { inHome } from '../../store/fill-home.ts';
import type { Command, Context, Flags } from '../command.ts';
import { delivered, findTemplate } from '../deliver.ts';
import { KEY_FLAGS, keyGiven } from '../key-flags.ts';
import { refuseHomePlaces } from '../places.ts';
import { deliveredJson, deliveredPaths } from '../records.ts';
import { refuseOtherKey, renewedRequest } from '../request-files.ts';
import { settle } from '../settle.ts';
import { oneOf, secretFrom } from '../values.ts';
import { splitNames } from './issue.ts';

export const csrCreate: Command = {
  name: 'csr create',
  args: '[names...]',
  summary: 'Make a key, and the request (CSR) with which another CA makes the certificate',
  flags: [
    { flags: '-p, --profile <profile>', about: `what it is for: ${LEAF_PROFILES.join(', ')}`, values: LEAF_PROFILES },
    { flags: '-l, --label <label>', about: 'names the request and its files (default: the first name)' },
    {
      flags: '-k, --key-type <type>',
      about: `${KEY_TYPES.join(', ')} (default: the template's, else p256)`,
      values: KEY_TYPES,
    },
    {
      flags: '--subject <dn>',
      about: 'the whole subject; /CN=db/ST=California/C=US is written in this order, CN=db,C=US in the reverse one',
    },
    { flags: '-t, --template <name>', about: 'what the certificate will be used in: see local-ca template list' },
    {
      flags: '--challenge-password-file <file>',
      about: 'its first line goes into the request, where the CA asks for one',
    },
    { flags: '--renew <label>', about: 'ask again for this certificate, of whichever CA, with its key' },
    { flags: '--new-key', about: 'with --renew: make a new key' },
    ...KEY_FLAGS,
    { flags: '--keep-key', about: 'keep the key in the home also when the answer has come' },
    { flags: '-o, --out <dir>', about: 'the folder for the files (default: ./LABEL)' },
    { flags: '-f, --format <format>', about: 'der: the request also in DER', ...oneOf('--format', ['pem', 'der']) },
    { flags: '--force', about: "overwrite files that local-ca did not make, and another certificate's key" },
  ],
  examples: [
    ['local-ca csr create db1.example.test 10.0.0.5', 'the key and db1.example.test.csr.pem, which goes to the CA'],
    [
      'local-ca csr create db1.example.test --key-type rsa-2048 --subject "/CN=db1.example.test/ST=California/C=US/emailAddress=dba@example.test/O=Acme"',
      'a subject in just this order, as the makers of SQL OpenNet ask for it',
    ],
    ['local-ca csr create --renew db1.example.test', 'the same again, when the certificate of the other CA ends'],
  ],
  run: async (context, names, flags) => {
    if (!context.io.interactive || names.length > 0 || flags.renew !== undefined)
      return createWithout(context, names, flags);
    const { csrWizard } = await import('../wizard/csr.ts');
    return csrWizard(context, flags);
  },
};

/** Makes what was asked for without a question. */
export async function createWithout(context: Context, args: readonly string[], flags: Flags): Promise<undefined> {
  const names = splitNames(args);
  const order =
    flags.renew === undefined ? await newOrder(context, names, flags) : await renewal(context, names, flags);
  refuseHomePlaces(order.out, context.home, '--out');
  let staged: Staged | undefined;
  try {
    const created = await inHome(context.home, async (home) => {
      await settle(context, home);
      // A second time, when another process made the home meanwhile.
      await staged?.discard();
      const beforeRecording = async (made: CreatedRequest) => {
        staged = await stage(made, order, flags);
      };
      return createRequest(home, order.options, { beforeRecording }, context.ambient);
    });
    await staged?.commit();
    tell(context, created, order, flags);
  } catch (error) {
    await staged?.discard();
    throw error;
  }
}

/** What is to be made, and where its files go. */
interface RequestOrder {
  readonly options: RequestOptions;
  readonly out: string;
  /** Write the key beside the request. A renewal's is where it was, or waits in the home for its certificate. */
  readonly withKey: boolean;
}

async function newOrder(context: Context, names: readonly string[], flags: Flags): Promise<RequestOrder> {
  if (names.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_ANSWER_MISSING',
      'no name was given',
      'Name the server: local-ca csr create db1.example.test. Or a certificate that ends: --renew LABEL.',
    );
  }
  if (flags.newKey === true) throw misplaced('--new-key was given without --renew', 'A first request has a new key.');
  const template = await findTemplate(context, flags.template as string | undefined);
  const asked = {
    names,
    profile: (flags.profile as string | undefined) ?? template.profile,
    label: flags.label as string | undefined,
    keyType: (flags.keyType as string | undefined) ?? template.keyType,
    subject: flags.subject as string | undefined,
    template: template.name,
  };
  const { label } = normalizeLeaf(asked, context.ambient.now());
  const out = (flags.out as string | undefined) ?? label;
  const options = { ...asked, ...commonOptions(flags), folder: resolve(out), key: keyGiven(flags) };
  return { options, out, withKey: true };
}

async function renewal(context: Context, names: readonly string[], flags: Flags): Promise<RequestOrder> {
  if (names.length > 0) {
    throw misplaced('--renew was given together with names', 'A renewal has the names of the certificate before.');
  }
  if (flags.newKey === true && flags.key !== undefined)
    throw misplaced('--new-key and --key were both given', 'Give one of them.');
  const { key, folder, label } = await renewedRequest(context, flags);
  const out = (flags.out as string | undefined) ?? folder ?? (flags.label as string | undefined) ?? label;
  const options: RequestOptions = {
    renew: flags.renew as string,
    newKey: flags.newKey === true,
    key,
    label: flags.label as string | undefined,
    profile: flags.profile as string | undefined,
    keyType: flags.keyType as string | undefined,
    subject: flags.subject as string | undefined,
    template: flags.template as string | undefined,
    ...commonOptions(flags),
    folder: folder ?? resolve(out),
  };
  return { options, out, withKey: false };
}

const misplaced = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

const commonOptions = (flags: Flags): RequestOptions => ({
  // Given on the command line it would be seen in the list of processes: only who is asked has it at hand.
  challengePassword: secretFrom(
    { passwordFile: flags.challengePasswordFile, password: flags.challengePassword },
    'password',
  ),
  keepKey: flags.keepKey === true,
});

// --- the files ---------------------------------------------------------------------------------------------------

const text = (pem: string) => new TextEncoder().encode(pem);

function filesOf({ record, key }: CreatedRequest, { withKey }: RequestOrder, flags: Flags): BundleFile[] {
  const { label, request } = record;
  return [
    new BundleFile(`${label}.csr.pem`, text(encodePem('CERTIFICATE REQUEST', request))),
    ...(flags.format === 'der' ? [new BundleFile(`${label}.csr.der`, request)] : []),
    ...(withKey ? [new BundleFile(`${label}.key.pem`, privateKeyPem(key), { secret: true })] : []),
  ];
}

async function stage(created: CreatedRequest, order: RequestOrder, flags: Flags): Promise<Staged> {
  const force = flags.force === true;
  if (order.withKey && !force) refuseOtherKey(order.out, `${created.record.label}.key.pem`, created.key);
  return stageDirectory(order.out, filesOf(created, order, flags), { force });
}

function tell({ io }: Context, created: CreatedRequest, order: RequestOrder, flags: Flags): void {
  const { record, warnings } = created;
  const { label, names, profile, template, keyType, request } = record;
  const files = filesOf(created, order, flags).map((file) => delivered(join(order.out, file.path), file));
  for (const { message } of warnings) io.warn(message);
  io.say(`${io.style('green', 'made')} a request for ${names.join(', ')}`);
  io.say(`  ${profile}, ${keyType}; the key stays here, the CA gets ${files[0]?.path}`);
  io.say('when it has answered: local-ca csr accept FILE');
  const subject = nameText(parseCsr(request).subject);
  io.result(
    { label, names, profile, template, keyType, subject, ...deliveredJson({ files, zip: null }), warnings },
    deliveredPaths({ files, zip: null }),
  );
}
