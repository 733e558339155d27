/** The names and addresses that this machine has, as far as it knows them without asking a DNS server. */
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { attempt } from '../../core/attempt.ts';
import { parseName } from '../../core/names.ts';
import { readAtMost } from '../../disk.ts';

export interface Machine {
  readonly hostname: string;
  readonly interfaces: Readonly<
    Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>
  >;
  /** The text of the hosts file. */
  readonly hosts: string;
}

/** A name that a certificate of this machine could have. */
export interface Offer {
  readonly name: string;
  readonly about: string;
  /** It is what most want. */
  readonly usual: boolean;
}

const HOSTS_FILE = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';

export const thisMachine = (): Machine => ({
  hostname: hostname(),
  interfaces: networkInterfaces(),
  hosts: attempt(() => new TextDecoder().decode(readAtMost(HOSTS_FILE, 1 << 20))) ?? '',
});

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** What it can be called, the usual first; nothing that a certificate could not hold. */
export function offersOf({ hostname, interfaces, hosts }: Machine): Offer[] {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  const addresses = Object.entries(interfaces).flatMap(([name, list = []]) =>
    list.filter(isReachable).map(({ address }) => ({ name: address, about: `its address on ${name}`, usual: false })),
  );
  const offers: Offer[] = [
    ...fullNames(host, hosts).map((name) => ({ name, about: "this machine's full name", usual: true })),
    { name: host, about: "this machine's name", usual: true },
    ...addresses,
    ...LOOPBACK.map((name) => ({ name, about: 'for clients on this machine', usual: false })),
  ];
  const possible = offers.filter(({ name }) => attempt(() => parseName(name)) !== undefined);
  return possible.filter((offer, i) => possible.findIndex(({ name }) => name === offer.name) === i);
}

/** Link-local addresses (RFC 4291 2.5.6) mean another machine on each network. */
const isReachable = ({ address, internal }: { readonly address: string; readonly internal: boolean }) =>
  !internal && !/^fe[89ab]|^169\.254\./i.test(address);

/** `127.0.1.1 db1.example.test db1`, as installers write it. */
function fullNames(host: string, hosts: string): string[] {
  const words = hosts.split('\n').flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
  return host.includes('.')
    ? []
    : words.map((word) => word.toLowerCase()).filter((word) => word.startsWith(`${host}.`));
}
