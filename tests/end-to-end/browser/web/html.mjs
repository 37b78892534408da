const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that is HTML already and is not escaped again. */
class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

function render(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  if (value === undefined || value === null || value === false) return '';
  return String(value).replace(/[&<>"']/g, (character) => entities[character]);
}

/** A template whose values are escaped: what is shown came from a directory or a query string. */
export function html(strings, ...values) {
  return new Markup(strings.reduce((text, string, index) => text + render(values[index - 1]) + string));
}

/** HTML that somebody else made and escaped. */
export function trusted(text) {
  return new Markup(text);
}

const style = `
  body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
  h1 { font-size: 1.5rem }
  dt { font-weight: bold }
  dd { margin: 0 0 .5rem }
  label { display: block; font-weight: bold }
  input { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-bottom: 1rem; border: 1px solid #555 }
  button { font: inherit; padding: .5rem 1rem }
  .failure { color: #8b0000 }
`;

// No `form-action`: browsers apply it to the redirects after a form too, and those lead to other origins here by design.
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/** What every answer with a page carries. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Where pages look for their style: a file of its own, so that the policy needs no exception. */
export const stylePath = '/style.css';

/** Answers the request for the style; tells whether it was one. */
export function answerStyle(request, response) {
  if (request.url !== stylePath) return false;
  response.writeHead(200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=3600' });
  response.end(style);
  return true;
}

/** A whole page. */
export function page(title, body) {
  return `<!doctype html>${html` <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href="${stylePath}" />
    </head>
    <body>
      <main>
        <h1>${title}</h1>
        ${body}
      </main>
    </body>
  </html>`}`;
}
