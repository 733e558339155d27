/** A delivery that is made in the midst of other work, for whoever has that work done. */
import { LocalCaError } from '../errors.ts';
import type { Delivery } from './deliver.ts';

export class Handover {
  #delivery: Delivery | undefined;

  put(delivery: Delivery): Delivery {
    this.#delivery = delivery;
    return delivery;
  }

  /** Once the work is done. */
  get delivery(): Delivery {
    if (this.#delivery !== undefined) return this.#delivery;
    throw new LocalCaError('LOCAL_CA_INTERNAL', 'no files were made', 'Please report this.');
  }

  /** When it failed: perhaps before there was anything. */
  async discard(): Promise<void> {
    await this.#delivery?.discard();
  }
}
