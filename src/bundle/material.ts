/** Everything that a bundle can be made from: one issued certificate and its authority, or an authority alone. */
import type { CertificateFacts } from '../core/facts.ts';
import type { PrivateKey } from '../core/keys.ts';

/** What `buildBundle` takes; `CertificateAuthority` gives it. */
export interface Material {
  /** Names the files; already safe as a file name. */
  readonly label: string;
  /** The issued certificate; absent when only the CA is exported. */
  readonly leaf?: LeafMaterial;
  /** DER, from the leaf's issuer upwards; empty when the root signed. */
  readonly intermediates: readonly Uint8Array[];
  /** DER; usually one. While a root is being replaced, the new one and then the old one. */
  readonly roots: readonly Uint8Array[];
  /** DER of the revocation lists of all CAs of the chain, where there are any. */
  readonly crls?: readonly Uint8Array[];
  readonly authority: CertificateFacts;
  /** The CA is somebody else's, and perhaps there are many: only their certificates are here. */
  readonly others?: true;
}

/** The issued certificate. */
export interface LeafMaterial extends CertificateFacts {
  readonly certificate: Uint8Array;
  /** Absent when the key was handed out earlier and not kept: then only public files can be made. */
  readonly key?: PrivateKey;
  readonly profile: string;
  /** Another CA signed it, and has to be asked for the next one. */
  readonly foreign?: boolean;
  /** As text: DNS names, IP addresses, e-mail addresses, URIs. */
  readonly names: readonly string[];
}
