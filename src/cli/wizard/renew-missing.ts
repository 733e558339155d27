/** The questions of the wizard of `renew` about what one certificate needs, and nobody has on record. */
import type { Step, Verdict, WizardQuestion } from './flow.ts';
import {
  chosenOf,
  isLocked,
  kindOf,
  lockedKey,
  needsKey,
  type RenewAnswers,
  type Renewable,
  type RenewFacts,
} from './renew-plan.ts';

const isChosen = (label: string, answers: RenewAnswers, facts: RenewFacts) =>
  kindOf(answers, facts) === 'certificates' && chosenOf(answers, facts).some(({ record }) => record.label === label);

const password = (renewable: Renewable): Step<RenewAnswers, RenewFacts, string> => {
  const { label } = renewable.record;
  return {
    name: `password of ${label}`,
    title: `Password of the key stores of ${label}`,
    when: (answers, facts) => isChosen(label, answers, facts) && isLocked(renewable, facts),
    question: (_, facts) => ({
      type: 'password',
      message: `Password of the key stores of ${label}:`,
      about: 'Somebody chose it, and it is not on record.',
      validate: (text) => facts.checkPassword(label, text),
    }),
    apply: (answers, value) => ({ ...answers, passwords: { ...answers.passwords, [label]: value } }),
  };
};

const keyFile = ({ record: { label } }: Renewable): Step<RenewAnswers, RenewFacts, string> => ({
  name: `key of ${label}`,
  title: `Private key of ${label}`,
  when: (answers, facts) => isChosen(label, answers, facts) && needsKey(label, answers, facts),
  question: ({ keyFiles }, facts) => ({
    type: 'input',
    message: `The file with the private key of ${label}:`,
    about: 'It is neither in the home nor where its files were put. If it is lost, go back (Esc) and take a new key.',
    ...(keyFiles?.[label] === undefined ? {} : { default: keyFiles[label] }),
    validate: (text) => facts.checkKey(label, text),
  }),
  apply: (answers, value) => ({ ...answers, keyFiles: { ...answers.keyFiles, [label]: value } }),
});

const keyPassword = ({ record: { label } }: Renewable): Step<RenewAnswers, RenewFacts, string> => ({
  name: `pass phrase of the key of ${label}`,
  title: `Pass phrase of the private key of ${label}`,
  when: (answers, facts) => isChosen(label, answers, facts) && lockedKey(label, answers, facts) !== undefined,
  question: (answers, facts) => {
    const path = lockedKey(label, answers, facts) ?? '';
    return keyPasswordQuestion(path, (text) => facts.checkKey(label, path, text));
  },
  apply: (answers, value) => ({ ...answers, keyPasswords: { ...answers.keyPasswords, [label]: value } }),
});

/** Of a private key in a file. */
export const keyPasswordQuestion = (path: string, validate: (text: string) => Verdict): WizardQuestion => ({
  type: 'password',
  message: `Pass phrase of ${path}:`,
  about: 'The private key in it is encrypted.',
  validate,
});

/** For each certificate those that may come; they apply when it is chosen. */
export const missingSteps = (certificates: readonly Renewable[]): Step<RenewAnswers, RenewFacts, string>[] => [
  ...certificates.filter(({ placement }) => placement?.passwordGiven === true).map(password),
  ...certificates.flatMap((one) => [keyFile(one), keyPassword(one)]),
];
