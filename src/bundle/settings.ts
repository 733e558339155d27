/**
 * What a person can say about their server beyond the certificate: where the files will be, the port ... Values go into
 * configuration files of many syntaxes as they are, so none may hold what is special in one of them.
 */
import { isIP } from 'node:net';
import { nearNames } from '../core/near.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** What was given with `--set`, by name. */
export type Settings = Readonly<Record<string, string>>;

/** As the placeholders take them: a flag is a section. */
export type SettingValues = Readonly<Record<string, string | boolean>>;

interface Setting {
  readonly kind: SettingKind;
  readonly default?: string;
}

interface Kind {
  readonly fits: (value: string) => boolean;
  /** Completes "set X to ...". */
  readonly must: string;
}

const isPort = (text: string) => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;

/** An IPv6 address as a URL has it, and as everything else has it. */
const bare = (host: string) => host.replace(/^\[(.*:.*)\]$/, '$1');
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const KINDS = {
  path: {
    // From the root, of a drive, or below a logical name as Synergex and OpenVMS have them (DBLDIR:rsynd.pem): a server
    // takes a relative one from wherever it was started.
    fits: (text) => /^(\/|[A-Za-z]:[\\/]|\w[\w$]+:)[\p{L}\p{N}._/\\:@+,=~-]*$/u.test(text) && text.length <= 200,
    must: 'an absolute path of letters, digits and ._/\\:@+,=~- (no spaces or quotes: it goes into configuration files)',
  },
  port: { fits: isPort, must: 'a port, from 1 to 65535' },
  host: {
    fits: (text) => isIP(bare(text)) !== 0 || (/^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u.test(text) && text.length <= 253),
    must: 'a host name or an IP address, without a port',
  },
  word: {
    fits: (text) => /^[\p{L}\p{N}][\p{L}\p{N}._:@+*-]*$/u.test(text) && text.length <= 253,
    must: 'one word of letters, digits and ._:@+*-',
  },
  flag: { fits: (text) => text === 'yes' || text === 'no', must: 'yes or no' },
} as const satisfies Record<string, Kind>;

export type SettingKind = keyof typeof KINDS;
export const SETTING_KINDS = Object.keys(KINDS) as readonly SettingKind[];

/** Whether a value can stand wherever such a setting is written. */
export const fits = (kind: SettingKind, value: string): boolean => KINDS[kind].fits(value);

/** Reads `NAME=VALUE`. Throws LOCAL_CA_OPTION_INVALID. */
export function parseSetting(text: string): Settings {
  const [, name, value] = /^([a-z][a-z0-9]*)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { [name]: value };
  throw new LocalCaError('LOCAL_CA_OPTION_INVALID', `${quote(text)} sets nothing`, hintFor(text));
}

function hintFor(text: string): string {
  if (/^[a-z][a-z0-9]*$/.test(text)) return `Give it a value, or yes where it is yes or no: --set ${text}=yes.`;
  const lower = text.replace(/^[^=]*/, (name) => name.toLowerCase());
  if (/^[a-z][a-z0-9]*=[\w./:\\-]+$/.test(lower)) return `Names are in lower case: --set ${lower}.`;
  return 'Write it like --set port=5433.';
}

/** What was given one by one. Throws LOCAL_CA_OPTION_INVALID for a name that has two values. */
export function joinSettings(given: readonly Settings[]): Settings {
  const joined = new Map<string, string>();
  for (const [name, value] of given.flatMap((one) => Object.entries(one))) {
    const before = joined.get(name) ?? value;
    if (before !== value) {
      const both = `${quote(before)} and ${quote(value)}`;
      throw new LocalCaError('LOCAL_CA_OPTION_INVALID', `the setting ${name} cannot be both ${both}`, 'Give it once.');
    }
    joined.set(name, value);
  }
  return Object.fromEntries(joined);
}

/** Throws LOCAL_CA_OPTION_INVALID for a setting that the template does not have, or a value that does not fit. */
export function checkSettings(template: string, known: Readonly<Record<string, Setting>>, given: Settings): void {
  for (const [name, value] of Object.entries(given)) {
    const setting = Object.hasOwn(known, name) ? known[name] : undefined;
    if (setting === undefined) throw unknownSetting(template, Object.keys(known), name);
    if (fits(setting.kind, value)) continue;
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      `the setting ${name} of template ${quote(template)} cannot be ${quote(value)}`,
      `Give ${KINDS[setting.kind].must}.`,
    );
  }
}

function unknownSetting(template: string, names: readonly string[], wanted: string): LocalCaError {
  const near = nearNames(wanted, names);
  const known = names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}.`;
  return new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `template ${quote(template)} has no setting ${quote(wanted)}`,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `${known} See local-ca template show ${template}.`,
  );
}

/** What follows from something else: of those settings that the template has, and where it can be written. */
export const implied = (known: Readonly<Record<string, Setting>>, values: Settings): Settings =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => Object.hasOwn(known, name) && fits((known[name] as Setting).kind, value),
    ),
  );

/** Every setting of a template has a value; `fill` writes the placeholders of a default. */
export const settingValues = (
  known: Readonly<Record<string, Setting>>,
  given: Settings,
  fill: (text: string) => string,
): SettingValues =>
  Object.fromEntries(
    Object.entries(known).flatMap(([name, setting]) =>
      Object.entries(written(name, setting, given[name] ?? fill(setting.default ?? ''))),
    ),
  );

function written(name: string, { kind, default: usual = '' }: Setting, value: string): SettingValues {
  if (kind === 'flag') return { [name]: value === 'yes' };
  // As the host of a certificate has them.
  if (kind === 'host') {
    const host = bare(value);
    return { [name]: host, [`${name}Address`]: inUrl(host), [`${name}IsIp`]: isIP(host) !== 0 };
  }
  // Windows takes slashes as well, and in the files of many servers a backslash is an escape: only where it is the template's own.
  return { [name]: kind === 'path' && !usual.includes('\\') ? value.replaceAll('\\', '/') : value };
}
