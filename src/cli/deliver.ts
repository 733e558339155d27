/** From an issued certificate to files: which bundle, into which folder, with which zip. */
import { join, resolve } from 'node:path';
import { type Bundle, type BundleOptions, buildBundle } from '../bundle/bundle.ts';
import { loadTemplate, PACKAGE_TEMPLATES } from '../bundle/catalog.ts';
import { type Staged, stageDirectory, stageFile } from '../bundle/directory.ts';
import { BundleFile, modeText } from '../bundle/file.ts';
import type { Material } from '../bundle/material.ts';
import { joinSettings, parseSetting, type Settings } from '../bundle/settings.ts';
import type { Template } from '../bundle/template.ts';
import { fingerprintSha256 } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { FORMATS, type FormatName } from '../formats/formats.ts';
import type { Change, PlacementRecord, StageRecord } from '../store/store.ts';
import type { Context, Flag, Flags } from './command.ts';
import { refuseHomePlaces, refuseZipOnto } from './places.ts';
import type { Delivered, DeliveredFile } from './records.ts';
import { list, oneOf, secretFrom } from './values.ts';

const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];

const P12_PROFILES = ['modern', 'compat'] as const;

export const OUTPUT_FLAGS: readonly Flag[] = [
  {
    flags: '-t, --template <name>',
    about: 'what to make files for: see local-ca template list; or a folder like ./mine',
  },
  { flags: '-o, --out <dir>', about: 'the folder for the files (default: ./LABEL)' },
  { flags: '--zip <file>', about: "also write the template's zip" },
  {
    flags: '-f, --format <formats>',
    about: `instead of the template's files, these: ${FORMAT_NAMES.join(', ')}`,
    parse: parseFormats,
    values: FORMAT_NAMES,
  },
  {
    flags: '--set <name=value>',
    about: 'what the template asks about the server, like port=5433: see local-ca template show',
    parse: (text) => [parseSetting(text)],
  },
  {
    flags: '--legacy',
    about: 'for servers and clients that know TLS 1.0 only, where the template has a way: --set legacy=yes',
  },
  { flags: '--password <password>', about: 'for key stores and trust stores (default: made up)' },
  { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
  { flags: '--alias <alias>', about: 'the name of the entry in a key store (default: LABEL)' },
  {
    flags: '--p12-profile <profile>',
    about: 'PKCS#12: modern (AES), or compat (3DES: macOS, Windows <= 2016, Java < 8u301)',
    ...oneOf('--p12-profile', P12_PROFILES),
  },
  { flags: '--force', about: 'overwrite files that local-ca did not make; allow more than 825 days' },
];

/** The same, where `--force` does more. */
export const outputFlags = (more: string): Flag[] =>
  OUTPUT_FLAGS.map((flag) => (flag.flags === '--force' ? { ...flag, about: `${flag.about}; ${more}` } : flag));

/** What people call a format beside its own name. */
const FORMAT_ALIASES = new Map<string, FormatName>([
  ['pfx', 'p12'],
  ['pkcs12', 'p12'],
  ['pkcs7', 'p7b'],
]);

function parseFormats(text: string): FormatName[] {
  const names = list(text);
  if (names.length > 0) return names.map(formatCalled);
  throw unknownFormat('--format names no format');
}

function formatCalled(name: string): FormatName {
  const wanted = name.toLowerCase();
  const found = FORMAT_ALIASES.get(wanted) ?? FORMAT_NAMES.find((known) => known === wanted);
  if (found !== undefined) return found;
  throw unknownFormat(`unknown format ${quote(name)}`);
}

const unknownFormat = (message: string) =>
  new LocalCaError('LOCAL_CA_FORMAT_UNKNOWN', message, `Use one or more of: ${FORMAT_NAMES.join(', ')}.`);

/** What making files takes. */
export type DeliveryContext = Pick<Context, 'home' | 'ambient'>;

/** Where a home has templates of its own. */
export const templatesIn = (home: string): string => join(home, 'templates');

export const templateFolders = ({ home }: Pick<Context, 'home'>) => [templatesIn(home), PACKAGE_TEMPLATES];

export const findTemplate = (context: DeliveryContext, name = 'generic'): Promise<Template> =>
  loadTemplate(name, templateFolders(context));

/** Files written beside their places, waiting for the certificate to be recorded. */
export interface Delivery extends Delivered {
  readonly bundles: readonly Bundle[];
  /** For each bundle, the files of an earlier one that stay beside it. */
  readonly leftovers: readonly (readonly string[])[];
  /** What a renewal has to know, to be recorded together with the certificates. */
  readonly placements: readonly Change[];
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** How the files of a bundle are made, beside what its template says. */
export type Wishes = Pick<
  BundleOptions,
  'formats' | 'alias' | 'p12Profile' | 'password' | 'earlierPassword' | 'settings'
>;

export interface Parcel {
  readonly material: Material;
  readonly template: Template;
  readonly out: string;
  readonly wishes: Wishes;
}

/** Where a delivery goes beside its folders, and what it may replace. */
export interface Shipping {
  readonly zip?: string | undefined;
  readonly force?: boolean;
}

export const shippingOf = (flags: Flags): Shipping => ({
  zip: flags.zip as string | undefined,
  force: flags.force === true,
});

/** Makes the files of each parcel and stages them; an error leaves nothing behind. */
export async function stageDelivery(
  parcels: readonly Parcel[],
  context: DeliveryContext,
  { zip, force = false }: Shipping,
): Promise<Delivery> {
  for (const { out } of parcels) refuseHomePlaces(out, context.home, '--out');
  if (zip !== undefined) refuseHomePlaces(zip, context.home, '--zip');
  const bundles: Bundle[] = [];
  for (const { material, template, wishes } of parcels) {
    const { ambient } = context;
    const options = { ...wishes, now: ambient.now(), random: (length: number) => ambient.random(length) };
    bundles.push(await buildBundle(material, template, options));
  }
  const outputs = bundles.map(({ label, files }, i) => ({ out: (parcels[i] as Parcel).out, label, files }));
  if (zip !== undefined) refuseZipOnto(zip, outputs);
  const stages: Stage[] = [];
  try {
    for (const { out, label, files } of outputs)
      stages.push({ path: out, ...(await stageDirectory(out, files, { force, label })) });
    const leftovers = stages.map((stage) => stage.leftovers);
    if (zip !== undefined) stages.push({ path: zip, ...(await stageZip(zip, bundles, force)) });
    return {
      bundles,
      leftovers,
      files: outputs.flatMap(({ out, files }) => files.map((file) => delivered(join(out, file.path), file))),
      zip: zip ?? null,
      placements: parcels.map((parcel, i) => {
        // The zip of several waits with the first of them.
        const own = stages.filter((_, at) => at === i || (i === 0 && at >= parcels.length));
        const waiting = own.map((stage) => waitingIn(stage, force));
        return placementOf(parcel, parcels.length === 1 ? zip : undefined, waiting, context);
      }),
      commit: () => commitAll(stages),
      discard: () => discardAll(stages),
    };
  } catch (error) {
    await discardAll(stages);
    throw error;
  }
}

interface Stage extends Staged {
  /** The folder or the zip, as it was asked for. */
  readonly path: string;
}

/** Backwards: the first may have made the folder that the others are in. */
async function discardAll(stages: readonly Stage[]): Promise<void> {
  for (const stage of stages.toReversed()) await stage.discard();
}

/** When one cannot take its place, those after it do not stay behind with their keys. */
async function commitAll(stages: readonly Stage[]): Promise<void> {
  for (const [i, stage] of stages.entries()) {
    try {
      await stage.commit();
    } catch (error) {
      await discardAll(stages.slice(i + 1)).catch(() => {});
      throw withPlaces(error, stages.slice(0, i));
    }
  }
}

/** Says what of a delivery is in place although the rest is not. */
function withPlaces(error: unknown, done: readonly Stage[]): unknown {
  if (!(error instanceof LocalCaError) || done.length === 0) return error;
  const places = done.map(({ path }) => path).join(', ');
  return new LocalCaError(error.code, `${error.message}; already in place: ${places}`, error.hint, { cause: error });
}

export const delivered = (path: string, { mode, secret }: BundleFile): DeliveredFile => ({
  path,
  mode: modeText(mode),
  secret,
});

const waitingIn = ({ stage, path }: Stage, force: boolean): StageRecord => ({
  stage: resolve(stage),
  path: resolve(path),
  force,
});

/** A zip of several bundles cannot be made again for one of them. */
function placementOf(
  { material, template, out, wishes }: Parcel,
  zip: string | undefined,
  stages: readonly StageRecord[],
  { ambient }: DeliveryContext,
): Change {
  const record: PlacementRecord = {
    label: material.leaf === undefined ? `${AUTHORITY_PLACEMENT}${resolve(out)}` : material.label,
    serial: material.leaf?.serial ?? material.authority.serial,
    template: template.name,
    folder: resolve(out),
    zip: zip === undefined ? null : resolve(zip),
    formats: wishes.formats ?? null,
    settings: wishes.settings ?? {},
    alias: wishes.alias ?? null,
    p12Profile: wishes.p12Profile ?? null,
    passwordGiven: wishes.password !== undefined,
    withKey: material.leaf?.key !== undefined,
    roots: material.roots.map(fingerprintSha256),
    writtenAt: ambient.now(),
    stages,
  };
  return { kind: 'placement', record };
}

/** Before the folder, for the files of the CA alone: no certificate can have such a label. */
const AUTHORITY_PLACEMENT = 'ca:';

/** Whether these are the files of the CA alone, of which there may be several folders. */
export const isOfAuthority = ({ label }: PlacementRecord): boolean => label.startsWith(AUTHORITY_PLACEMENT);

/** `--set` as often as it was given, and `--legacy`. */
export const settingsOf = ({ set = [], legacy }: Flags): Settings =>
  joinSettings([...(legacy === true ? [{ legacy: 'yes' }] : []), ...(set as readonly Settings[])]);

export function wishesOf(flags: Flags): Wishes {
  const password = secretFrom(flags, 'password');
  const settings = settingsOf(flags);
  return {
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(flags.format === undefined ? {} : { formats: flags.format as FormatName[] }),
    ...(password === undefined ? {} : { password }),
    ...(flags.alias === undefined ? {} : { alias: flags.alias as string }),
    ...(flags.p12Profile === undefined ? {} : { p12Profile: flags.p12Profile as (typeof P12_PROFILES)[number] }),
  };
}

/** One bundle as it is; several each in a folder of its label. */
async function stageZip(path: string, bundles: readonly Bundle[], force: boolean): Promise<Staged> {
  const { zipBundle } = await import('../bundle/zip.ts');
  const several = bundles.length > 1;
  const files = bundles.flatMap(({ label, zip }) =>
    several ? zip.files.map((file) => new BundleFile(`${label}/${file.path}`, file.bytes, file)) : zip.files,
  );
  const mode = files.some((file) => file.secret) ? 0o600 : 0o644;
  return stageFile(path, await zipBundle(files), mode, { force });
}
