import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { occupied, readManifest } from '../../bundle/manifest.ts';
import type { Material } from '../../bundle/material.ts';
import type { Template } from '../../bundle/template.ts';
import { importKey } from '../../core/keys.ts';
import type { Warning } from '../../core/validity.ts';
import { readAtMost } from '../../disk.ts';
import { LocalCaError } from '../../errors.ts';
import type { PlacementRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import {
  type Delivery,
  findTemplate,
  OUTPUT_FLAGS,
  shippingOf,
  stageDelivery,
  type Wishes,
  wishesOf,
} from '../deliver.ts';
import { placementOf } from '../deployed.ts';
import { materialFrom } from '../others-ca.ts';
import { deliveredJson, deliveredPaths, recordJson, templateWarnings } from '../records.ts';
import { type Session, withAuthority, withRecords } from '../session.ts';

const MOST_KEY_BYTES = 1024 * 1024;

export const exportCommand: Command = {
  name: 'export',
  args: '[label]',
  summary: 'Make the files of a certificate again, or those of the CA for clients',
  flags: [
    { flags: '--ca', about: 'the CA alone: what clients need' },
    {
      flags: '--from-cert <file>',
      about: 'the certificates of a CA of others, such as that of a cloud: the same files for its clients',
    },
    { flags: '--key <file>', about: "the certificate's private key, for formats that hold it" },
    ...OUTPUT_FLAGS,
  ],
  examples: [
    ['local-ca export --ca --format pem,p7b,jks --out trust', 'what clients need to trust the CA'],
    ['local-ca export --ca --template tencentdb-sqlserver --zip TencentDB-SSL-CA.zip', 'the trust zip'],
    [
      'local-ca export --from-cert global-bundle.pem --template java-client --out trust',
      "a Java trust store from a cloud's PEM",
    ],
    [
      'local-ca export db1.example.test --format p12 --key db1.key.pem --password-file pw.txt',
      'a PKCS#12 key store of a certificate issued earlier',
    ],
  ],
  run: async (context, [label], flags) => {
    const given = [label !== undefined, flags.ca === true, flags.fromCert !== undefined];
    if (given.filter(Boolean).length !== 1) {
      throw new LocalCaError(
        'LOCAL_CA_USAGE',
        'export takes either a label, --ca or --from-cert',
        'local-ca export db1.example.test, or local-ca export --ca',
      );
    }
    if (flags.fromCert !== undefined) return exportOthers(context, flags);
    const withWhat = label === undefined ? withAuthority : withRecords;
    await withWhat(context, flags, (session) => exportFrom(context, session, label, flags));
    return undefined;
  },
};

/** Nothing of it is of this home, which need not be there. */
async function exportOthers(context: Context, flags: Flags): Promise<undefined> {
  const material = await materialFrom(flags.fromCert as string);
  const template = await findTemplate(context, flags.template as string | undefined);
  const parcel = { material, template, out: (flags.out as string | undefined) ?? 'ca', wishes: wishesOf(flags) };
  const delivery = await stageDelivery([parcel], context, shippingOf(flags));
  await delivery.commit();
  tell(context, delivery, { label: 'ca', template: template.name });
  return undefined;
}

async function exportFrom(context: Context, session: Session, label: string | undefined, flags: Flags): Promise<void> {
  const { ca, home } = session;
  const record = label === undefined ? undefined : await ca.get(label);
  const material = await (record === undefined ? ca.exportAuthority() : ca.export(label as string, keyFrom(flags)));
  const placement = record && (await placementOf(session, record.label));
  const recorded = placement?.template ?? record?.template ?? undefined;
  const template = await findTemplate(context, (flags.template as string | undefined) ?? recorded);
  const out = (flags.out as string | undefined) ?? folderFor(material, template, recorded);
  if (flags.out === undefined && flags.force !== true) refuseCutDown(out, material);
  const parcel = { material, template, out, wishes: wishesFor(flags, template, placement) };
  const delivery = await stageDelivery([parcel], context, shippingOf(flags));
  // The CA's own files are made again when it is renewed; those of a certificate belong where they went first.
  if (record === undefined) await home.store.write(delivery.placements);
  await delivery.commit();
  const lacks = flags.format === undefined ? withoutKey(delivery) : [];
  tell(context, delivery, record === undefined ? { label: 'ca', template: template.name } : recordJson(record), lacks);
}

/** Another template's README would take the place of the server's own. */
function folderFor({ label, leaf }: Material, { name }: Template, recorded: string | undefined): string {
  const isOther = leaf !== undefined && recorded !== undefined && recorded !== name;
  return isOther ? `${label}-${basename(name)}` : label;
}

/** What was set when the files were made holds here too. */
function wishesFor(flags: Flags, { name }: Template, placement: PlacementRecord | undefined): Wishes {
  const wishes = wishesOf(flags);
  const before = placement?.template === name ? placement.settings : {};
  return { ...wishes, settings: { ...before, ...wishes.settings } };
}

// --- without the private key -----------------------------------------------------------------------------------

/** The README beside the key would be one that does not speak of it. */
function refuseCutDown(folder: string, { label, leaf }: Material): void {
  if (leaf === undefined || leaf.key !== undefined) return;
  const files = [...readManifest(folder).files];
  const secret = files.find(([, { mode, labels }]) => mode !== undefined && labels.includes(label))?.[0];
  if (secret === undefined || !existsSync(join(folder, secret))) return;
  throw occupied(
    folder,
    `holds ${secret}, and what is made without the private key would replace the files beside it`,
    'Give the key with --key FILE, choose another folder with --out, or use --force.',
  );
}

/** What the template makes, and could not. */
function withoutKey({ bundles }: Delivery): Warning[] {
  const paths = bundles.flatMap(({ keyless }) => keyless).join(', ');
  if (paths === '') return [];
  const message = `left out, since the private key is not in the home: ${paths}; --key FILE gives it`;
  return [{ code: 'template', message }];
}

function keyFrom(flags: Flags) {
  return flags.key === undefined ? undefined : importKey(readAtMost(flags.key as string, MOST_KEY_BYTES));
}

function tell({ io }: Context, delivery: Delivery, record: object, more: readonly Warning[] = []): void {
  const warnings = [...templateWarnings(delivery.bundles.flatMap((bundle) => bundle.warnings)), ...more];
  for (const { message } of warnings) io.warn(message);
  io.result({ ...record, ...deliveredJson(delivery), warnings }, deliveredPaths(delivery));
}
