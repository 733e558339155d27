/**
 * The states, and every row of the table of the cloud database's console that they are taken from ("Changes in the
 * instance's status when setting SSL"): enabled, updated and disabled, at once and in the maintenance window.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeState, isAbsent, isUnderWay, moved, settledState } from '../../src/deploy/states.ts';
import { DAY, START, Stand, target } from './stand.ts';

const MINUTE = 60_000;
const WINDOW = { window: '17:00-18:00', timeZone: 'Europe/Berlin' };

describe("the console's table, executed at once", () => {
  it('Not Enabled -> In Progress -> Enabled', async (t) => {
    const stand = await Stand.make(t);
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
  });

  it('Enabled -> Updating -> Enabled', async (t) => {
    const stand = await Stand.make(t);
    await stand.run();
    await stand.renew();
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
  });

  it('Enabled -> Disabling -> Disabled', async (t) => {
    const stand = await Stand.make(t);
    await stand.run();
    await stand.change({ wish: 'disabled' });
    assert.deepEqual(await stand.story(), ['disabled', 'disabling -> disabled', null]);
  });
});

describe("the console's table, executed in the maintenance window", () => {
  /** In the morning, hours before the window. */
  const morning = new Date('2026-01-14T08:00:00Z');
  const wait = async (stand: Stand) => {
    assert.equal((await stand.run()).result, 'waiting');
    assert.equal((await stand.get()).state, 'waiting');
    // Asked every ten minutes, it is not news again.
    assert.deepEqual(await stand.story(), ['waiting', '', null]);
  };

  it('Not Enabled -> Waiting -> In Progress -> Enabled', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    stand.now = new Date(morning.getTime() + DAY);
    await wait(stand);
    assert.equal(stand.hooks.length, 0);
    assert.deepEqual(stand.files(), []);
    stand.now = new Date(START.getTime() + DAY);
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
  });

  it('Enabled -> Waiting for the update -> Updating -> Enabled', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    await stand.run();
    stand.now = new Date(morning.getTime() + DAY);
    const serial = await stand.renew();
    await wait(stand);
    assert.equal(stand.hooks.length, 1);
    stand.now = new Date(START.getTime() + DAY);
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
    assert.equal(stand.hooks[1]?.serial, serial);
  });

  it('Enabled -> Waiting for the shutdown -> Disabling -> Disabled', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    await stand.run();
    stand.now = new Date(morning.getTime() + DAY);
    await stand.change({ wish: 'disabled' });
    await wait(stand);
    assert.notDeepEqual(stand.files(), []);
    stand.now = new Date(START.getTime() + DAY);
    assert.deepEqual(await stand.story(), ['disabled', 'disabling -> disabled', null]);
  });

  it('asked for at 17:05, in the window of 17:00 to 18:00, the check at 17:10 does it', async (t) => {
    const stand = await Stand.make(t, WINDOW);
    stand.later(5 * MINUTE);
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
  });
});

describe('states', () => {
  it('are shown in the words of the console, with what is waited for', () => {
    const words = (state: Parameters<typeof moved>[1]) => describeState(target({ ...WINDOW, state }), START);
    assert.equal(words('not-enabled'), 'Not enabled');
    assert.equal(words('in-progress'), 'In progress');
    assert.equal(words('enabled'), 'Enabled');
    assert.equal(words('updating'), 'Updating');
    assert.equal(words('disabling'), 'Disabling');
    assert.equal(words('disabled'), 'Disabled');
    assert.equal(words('waiting'), 'Waiting for the window (17:00-18:00 Europe/Berlin, open now)');
    const evening = new Date('2026-01-14T20:00:00Z');
    assert.equal(
      describeState(target({ ...WINDOW, state: 'waiting' }), evening),
      'Waiting for the window (17:00-18:00 Europe/Berlin, opens 2026-01-15 17:00)',
    );
    assert.equal(describeState(target({ state: 'waiting' }), START), 'Waiting for the window');
    const lost = target({ ...WINDOW, timeZone: 'Mars/Base', state: 'waiting' });
    assert.equal(describeState(lost, START), 'Waiting for the window');
  });

  it('last since they changed', () => {
    const later = new Date(START.getTime() + MINUTE);
    assert.equal(moved(target(), 'not-enabled', later, { problem: 'x' }).since, START);
    assert.deepEqual(moved(target(), 'enabled', later), target({ state: 'enabled', since: later }));
  });

  it('tell what is under way, what rests, and what is not there at all', () => {
    assert.equal(isUnderWay(target({ state: 'updating' })), true);
    assert.equal(isUnderWay(target({ state: 'waiting' })), false);
    assert.equal(settledState(target({ serial: 'aa', state: 'updating' })), 'enabled');
    assert.equal(settledState(target({ state: 'in-progress' })), 'not-enabled');
    assert.equal(isAbsent(target({ state: 'waiting' })), true);
    assert.equal(isAbsent(target({ state: 'in-progress' })), false);
    assert.equal(isAbsent(target({ state: 'waiting', serial: 'aa' })), false);
  });
});
