import { ask } from './prompt.ts';

interface Passphrases extends Record<string, unknown> {
  readonly passphrase: string;
}

const notEmpty = (text: string) => text !== '' || 'It cannot be empty.';

export async function askPassphrase(message: string): Promise<string> {
  const { passphrase } = await ask<Passphrases>([
    { type: 'password', name: 'passphrase', message, mask: true, validate: notEmpty },
  ]);
  return passphrase;
}

/** Asked twice: a slip would lock the CA away for good. */
export async function askNewPassphrase(message: string): Promise<string> {
  const { passphrase } = await ask<Passphrases>([
    { type: 'password', name: 'passphrase', message, mask: true, validate: notEmpty },
    {
      type: 'password',
      name: 'again',
      message: 'Once more',
      mask: true,
      validate: (text: string, answers: Partial<Passphrases>) => text === answers.passphrase || 'The two differ.',
    },
  ]);
  return passphrase;
}
