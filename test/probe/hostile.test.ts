/** Servers whose words were damaged: each is looked at, or it is said what is wrong, and soon. */
import { test } from 'node:test';
import { lookAt } from '../../src/probe/look.ts';
import { dice, hostileText, pick, resultOrRefusal } from '../support/hostile.ts';
import { SCRIPTS } from './scripts.ts';
import { play, type Step, serve } from './servers.ts';

const ROUNDS = 12;
const WORDS = [
  '\r\n',
  '220 ',
  '220-',
  '* ',
  'a OK',
  '+OK',
  '<stream:stream>',
  '<?xml ?>',
  '</features>',
  '250-STARTTLS',
];

for (const { scheme, good, bad } of SCRIPTS) {
  test(`${scheme}://: ${ROUNDS} damaged servers`, { timeout: 30_000 }, async (t) => {
    const roll = dice(10);
    const scripts = [good, ...bad.map(([, steps]) => steps)];
    let steps: readonly Step[] = [];
    const target = await serve(
      t,
      (socket) =>
        void play(socket, steps).then(
          () => socket.end(),
          () => {},
        ),
      scheme,
    );
    for (let round = 0; round < ROUNDS; round++) {
      steps = pick(roll, scripts).map((step) => {
        if (!('says' in step)) return step;
        return { says: hostileText(Buffer.from(step.says as string, 'latin1').toString('latin1'), roll, WORDS) };
      });
      await resultOrRefusal(() => lookAt(target, { timeoutMs: 150 }));
    }
  });
}
