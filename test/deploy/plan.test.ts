import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planStep, retryAfter, workFor } from '../../src/deploy/plan.ts';
import type { Work } from '../../src/deploy/states.ts';
import type { TargetRecord } from '../../src/store/store.ts';
import { START, target } from './stand.ts';

const enabled = { state: 'enabled', serial: 'aa', contents: 'cc' } as const;
const WINDOW = { window: '17:00-18:00', timeZone: 'Europe/Berlin' };

describe('workFor', () => {
  const ROWS: readonly (readonly [Partial<TargetRecord>, boolean, Work | undefined])[] = [
    [{}, false, 'enable'],
    [{ state: 'waiting' }, false, 'enable'],
    [{ state: 'in-progress' }, false, 'enable'],
    [{ state: 'in-progress' }, true, 'enable'],
    [enabled, true, undefined],
    [enabled, false, 'update'],
    [{ ...enabled, state: 'waiting' }, false, 'update'],
    [{ ...enabled, state: 'waiting' }, true, undefined],
    [{ ...enabled, state: 'updating' }, false, 'update'],
    // The server may not have been told.
    [{ ...enabled, state: 'updating' }, true, 'update'],
    [{ ...enabled, wish: 'disabled' }, true, 'disable'],
    [{ ...enabled, state: 'waiting', wish: 'disabled' }, true, 'disable'],
    [{ ...enabled, state: 'disabling', wish: 'disabled' }, true, 'disable'],
    [{ wish: 'disabled' }, false, 'disable'],
    [{ state: 'disabled', wish: 'disabled' }, false, undefined],
  ];
  for (const [changes, upToDate, expected] of ROWS) {
    const { state, wish, serial } = target(changes);
    it(`${state}, wished ${wish}, ${serial === null ? 'never there' : 'there'}, ${upToDate ? '' : 'not '}up to date`, () => {
      assert.equal(workFor(target(changes), upToDate), expected);
    });
  }
});

describe('planStep', () => {
  const at = (time: string) => new Date(`2026-01-14T${time}:00Z`);
  const kindOf = (changes: Partial<TargetRecord>, work: Work | undefined, now: Date, atOnce = false) =>
    planStep(target(changes), work, now, atOnce);

  it('does nothing where there is nothing to do', () => {
    assert.deepEqual(kindOf(WINDOW, undefined, START, true), { kind: 'nothing' });
  });

  it('works at once without a window', () => {
    assert.deepEqual(kindOf({}, 'enable', START), { kind: 'work', work: 'enable' });
  });

  it('waits for the window, and works in it', () => {
    assert.deepEqual(kindOf(WINDOW, 'update', at('15:59')), { kind: 'wait', until: at('16:00') });
    assert.deepEqual(kindOf(WINDOW, 'update', at('16:00')), { kind: 'work', work: 'update' });
    assert.deepEqual(kindOf(WINDOW, 'update', at('16:59')), { kind: 'work', work: 'update' });
    assert.deepEqual(kindOf({ ...enabled, ...WINDOW }, 'disable', at('17:00')), {
      kind: 'wait',
      until: new Date('2026-01-15T16:00:00Z'),
    });
  });

  it('waits for no window when it is told to work at once, nor with what was cut short, nor where nothing is', () => {
    assert.equal(kindOf(WINDOW, 'update', at('12:00'), true).kind, 'work');
    for (const state of ['in-progress', 'updating', 'disabling'] as const) {
      assert.equal(kindOf({ ...WINDOW, state }, 'update', at('12:00')).kind, 'work');
    }
    assert.equal(kindOf({ ...WINDOW, wish: 'disabled' }, 'disable', at('12:00')).kind, 'work');
  });

  it('waits after a failure, even in the window and when cut short, unless told otherwise', () => {
    const failed = { ...WINDOW, retryAt: at('16:15') };
    assert.deepEqual(kindOf(failed, 'update', at('16:14')), { kind: 'later', at: at('16:15') });
    assert.equal(kindOf({ ...failed, state: 'updating' }, 'update', at('16:14')).kind, 'later');
    assert.equal(kindOf(failed, 'update', at('16:15')).kind, 'work');
    assert.equal(kindOf(failed, 'update', at('16:14'), true).kind, 'work');
  });

  it('does not wait for what no retry is that far ahead of', () => {
    const ahead = (ms: number) => kindOf({ retryAt: new Date(START.getTime() + ms) }, 'update', START).kind;
    assert.equal(ahead(24 * 3_600_000), 'later');
    assert.equal(ahead(24 * 3_600_000 + 1), 'work');
  });

  it('does not ask for the window of what was cut short', () => {
    const lost = { window: '17:00-18:00', timeZone: 'Mars/Base', state: 'updating' } as const;
    assert.equal(kindOf(lost, 'update', START).kind, 'work');
  });

  it('takes ten minutes after the first failure, twice as long after each further one, at most a day', () => {
    const minutes = [1, 2, 3, 7, 8, 9, 100].map((n) => (retryAfter(n, START).getTime() - START.getTime()) / 60_000);
    assert.deepEqual(minutes, [10, 20, 40, 640, 1280, 1440, 1440]);
  });
});
