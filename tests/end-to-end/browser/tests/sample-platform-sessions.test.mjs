import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Sessions } from '../platform/sessions.mjs';

let sessions;

beforeEach(() => {
  sessions = new Sessions('http://127.0.0.1:1');
  for (const [sub, sid] of [
    ['one', 'a'],
    ['one', 'b'],
    ['two', 'c'],
  ])
    sessions.open({ setHeader() {} }, { claims: { sub, sid } });
  sessions.open({ setHeader() {} });
});

const left = () =>
  sessions
    .describe()
    .sessions.map(({ sid }) => sid)
    .join('');

const cases = [
  ['a session id ends that session', { sid: 'a' }, 1, 'bc'],
  ['a subject ends all sessions of that person', { sub: 'one' }, 2, 'c'],
  ['a subject with a session id ends that session', { sub: 'one', sid: 'b' }, 1, 'ac'],
  ['a session id of somebody else ends nothing', { sub: 'two', sid: 'a' }, 0, 'abc'],
  ['an unknown session id ends nothing', { sid: 'd' }, 0, 'abc'],
];
for (const [what, token, ended, remaining] of cases) {
  test(what, () => {
    assert.equal(sessions.endMatching(token, 'test'), ended);
    assert.equal(left(), remaining);
    assert.equal(sessions.describe().ended.length, ended);
  });
}
