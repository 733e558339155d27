/** The attributes of certificate requests that local-ca knows, as a table: their names, and what they say. */
import { attempt } from './attempt.ts';
import { children, type Element, isText, readOid, readSmallInteger, readText, readWhole } from './der.ts';
import { EXTENSION, type Extension } from './extensions.ts';
import { toHex, visible } from './text.ts';

export const CSR_ATTRIBUTE = {
  unstructuredName: '1.2.840.113549.1.9.2',
  challengePassword: '1.2.840.113549.1.9.7',
  /** RFC 2985 5.4.2. */
  extensionRequest: '1.2.840.113549.1.9.14',
  /** The one of Microsoft's certreq before Windows 2000. */
  microsoftExtensionRequest: '1.3.6.1.4.1.311.2.1.14',
  microsoftCsp: '1.3.6.1.4.1.311.13.2.2',
  microsoftOsVersion: '1.3.6.1.4.1.311.13.2.3',
  microsoftClientInfo: '1.3.6.1.4.1.311.21.20',
} as const;

export interface CsrAttribute {
  readonly oid: string;
  /** Each value's DER. */
  readonly values: readonly Uint8Array[];
}

const NAMES = new Map<string, string>(Object.entries(CSR_ATTRIBUTE).map(([name, oid]) => [oid, name]));

/** Anybody's text, as it can be shown. */
const shown = (element: Element): string => visible(readText(element));

const texts = (element: Element): string => children(element).filter(isText).map(shown).join(', ');

/** How to read those that are not plain text: [MS-WCCE] 2.2.2.7. */
const READERS: Readonly<Record<string, (value: Element) => string>> = {
  [CSR_ATTRIBUTE.challengePassword]: () => '(not shown)',
  [CSR_ATTRIBUTE.microsoftCsp]: texts,
  [CSR_ATTRIBUTE.microsoftClientInfo]: texts,
};

const EXTENSION_REQUESTS: readonly string[] = [CSR_ATTRIBUTE.extensionRequest, CSR_ATTRIBUTE.microsoftExtensionRequest];

export const isExtensionRequest = ({ oid }: { readonly oid: string }): boolean => EXTENSION_REQUESTS.includes(oid);

/** Beside the requested extensions, by name or OID: what each says, `#` and hex where that is no text. */
export const describeAttributes = (attributes: readonly CsrAttribute[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    attributes
      .filter((attribute) => !isExtensionRequest(attribute))
      .map(({ oid, values }) => [NAMES.get(oid) ?? oid, values.map((value) => valueText(oid, value)).join(', ')]),
  );

const valueText = (oid: string, der: Uint8Array): string =>
  attempt(() => {
    const value = readWhole(der);
    return READERS[oid]?.(value) ?? (isText(value) ? shown(value) : undefined);
  }) ?? `#${toHex(der)}`;

/** The template of a Windows CA that the request names; undefined when it names none. */
export function microsoftTemplate(extensions: readonly Extension[]): string | undefined {
  const read = (oid: string, reader: (value: Element) => string) => {
    const value = extensions.find((extension) => extension.oid === oid)?.value;
    return value === undefined ? undefined : attempt(() => reader(readWhole(value)));
  };
  return read(EXTENSION.microsoftTemplateName, shown) ?? read(EXTENSION.microsoftTemplate, templateText);
}

/** OID and version: `1.3.6.1.4.1.311.21.8.1.2 100.5`. */
function templateText(element: Element): string {
  const [oid, ...version] = children(element);
  return [readOid(oid), version.map(readSmallInteger).join('.')].join(' ').trimEnd();
}
