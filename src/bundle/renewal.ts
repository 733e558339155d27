/** The command in a README that makes a certificate like this one again: all that its template and defaults do not say. */
import { normalizeLeaf } from '../core/options.ts';
import { parseCertificate } from '../core/parse.ts';
import { decodeSubject, formatSubject } from '../core/subject.ts';
import type { FormatName } from '../formats/formats.ts';
import type { Pkcs12Profile } from '../formats/pkcs12.ts';
import type { LeafMaterial } from './material.ts';
import { shellWord } from './shell.ts';
import type { Template } from './template.ts';

/** How the bundle was asked for. */
export interface RenewalOptions {
  readonly formats?: readonly FormatName[];
  readonly alias?: string;
  readonly p12Profile?: Pkcs12Profile;
  readonly password?: string;
}

/** A life of more than this is refused unless forced. */
const MOST_DAYS = 825;

export function renewalCommand(label: string, leaf: LeafMaterial, template: Template, options: RenewalOptions): string {
  // The label is no part of what is compared here.
  const usual = normalizeLeaf(
    { names: leaf.names, label: 'any', profile: template.profile, keyType: template.keyType },
    leaf.notBefore,
  );
  const days = daysOf(leaf);
  const flags: readonly (readonly [string, string | undefined])[] = [
    ['--template', template.name],
    ['--label', label],
    ['--profile', unless(usual.profile.name, leaf.profile)],
    ['--key-type', unless(usual.keyType, leaf.keyType)],
    ['--days', unless('365', String(days))],
    // An empty one was the CA's doing, and is not an option.
    ['--subject', unless(formatSubject(usual.subject), subjectOf(leaf)) || undefined],
    ['--format', options.formats?.join(',')],
    ['--alias', options.alias],
    ['--p12-profile', options.p12Profile],
    // The password itself is not written anywhere.
    ['--password', options.password && 'PASSWORD'],
  ];
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(value)]));
  return ['local-ca issue', ...leaf.names.map(shellWord), ...given, ...(days > MOST_DAYS ? ['--force'] : [])].join(' ');
}

const unless = (usual: string, value: string) => (value === usual ? undefined : value);

/** The start is a few minutes before the day of issue. */
const daysOf = ({ notBefore, notAfter }: LeafMaterial) =>
  Math.max(1, Math.round((notAfter.getTime() - notBefore.getTime()) / 86_400_000));

const subjectOf = ({ certificate }: LeafMaterial) =>
  formatSubject(decodeSubject(parseCertificate(certificate).subject));
