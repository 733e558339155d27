import { type DroppedRequest, dropRequest, findRequest } from '../../authority/drop-request.ts';
import { isoTime } from '../../core/time.ts';
import { LocalCaError } from '../../errors.ts';
import type { RequestRecord } from '../../store/store.ts';
import type { Command, Context } from '../command.ts';
import { withRecords } from '../session.ts';

export const csrDrop: Command = {
  name: 'csr drop',
  args: '<label>',
  summary: 'Forget a request that waits, and its key in the home',
  flags: [],
  examples: [
    ['local-ca csr drop db1.example.test', 'asks first; the files of the request stay'],
    ['local-ca csr drop 4fd1a2 --yes --json', 'one of several with a label, by the start of its id'],
  ],
  run: (context, [wanted = ''], flags) =>
    withRecords(context, flags, async ({ home }) => {
      const request = await findRequest(home.store, wanted);
      await agree(context, request);
      tell(context, await dropRequest(home, request.id, context.ambient));
      return undefined;
    }),
};

async function agree({ io }: Context, { names, createdAt, folder }: RequestRecord): Promise<void> {
  if (!io.interactive) return;
  io.say(`the request for ${names.join(', ')} waits since ${isoTime(createdAt).slice(0, 10)}`);
  if (folder !== null) io.say(`  its certificate would belong in ${folder}`);
  const { ask } = await import('../wizard/prompt.ts');
  const message = 'Drop it, with its key in the home? An answer that is still to come cannot be taken without a key.';
  const { go } = await ask<{ go: boolean }>([{ type: 'confirm', name: 'go', message, default: false }]);
  if (!go) throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was dropped.');
}

function tell({ io }: Context, { record, keptFor }: DroppedRequest): void {
  const { id, label, names, folder, createdAt } = record;
  io.say(`${io.style('green', 'dropped')} the request for ${label}`);
  io.say(
    keptFor === null
      ? '  its key has left the home'
      : `  its key stays in the home: the certificate ${keptFor.serial} of ${keptFor.label} needs it`,
  );
  if (folder !== null) io.say(`  the files of the request stay where they are; its folder is ${folder}`);
  io.result({ id, label, names, folder, createdAt: isoTime(createdAt), keyKept: keptFor !== null }, id);
}
