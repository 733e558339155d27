/** What the README and the snippets of each template promise, beyond what every template is held to. */

/** Texts that a file of the bundle must hold, by path; the label is `db1.example.test`. */
type Texts = Readonly<Record<string, readonly (string | RegExp)[]>>;

export interface Promised {
  /** The bundle of a server's certificate unless said otherwise. */
  readonly kind?: 'server' | 'address' | 'client' | 'ca';
  /** What was set of the template. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly holds: Texts;
  readonly lacks?: Texts;
}

/** By the template's name. */
export type Promises = Readonly<Record<string, readonly Promised[]>>;
