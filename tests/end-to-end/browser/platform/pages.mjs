import { html, page } from '../web/html.mjs';

const rows = [
  ['name', 'Name'],
  ['email', 'E-mail'],
  ['locale', 'Language'],
  ['connection', 'Connection'],
  ['teams', 'Teams'],
  ['roles', 'Roles'],
];

function shown(value) {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(shown).join(', ');
  if (typeof value === 'object' && value !== null) return value.name ?? JSON.stringify(value);
  return value;
}

export function welcome(platform) {
  return page(
    platform.name,
    html`<p>You are not signed in.</p>
      <p><a href="/login">Sign in</a></p>`,
  );
}

export function account(platform, { claims }) {
  return page(
    platform.name,
    html`<p>You are signed in.</p>
      <dl>
        ${rows.map(
          ([claim, label]) =>
            html`<dt>${label}</dt>
              <dd data-claim="${claim}">${shown(claims[claim]) ?? 'not told'}</dd>`,
        )}
      </dl>
      <p><a href="/logout">Sign out</a></p>`,
  );
}

export function signedOut(platform, expected) {
  return page(
    'Signed out',
    html`<p data-state="${expected ? 'expected' : 'unexpected'}">You are signed out of ${platform.name}.</p>
      <p><a href="/">Home</a></p>`,
  );
}

export function failure(title, { error, description }) {
  return page(
    title,
    html`<p class="failure"><code data-error>${error}</code></p>
      <p data-description>${description}</p>
      <p><a href="/">Home</a></p>`,
  );
}

export function notFound() {
  return failure('Not found', { error: 'not_found', description: 'There is no such page.' });
}
