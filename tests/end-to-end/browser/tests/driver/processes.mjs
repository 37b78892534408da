import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const startLimit = 20_000;

/**
 * Starts one of the servers here and waits until it says that it is ready. Returns what it said, and `stop`.
 * What it writes to standard error is shown only if it fails to start or `VERBOSE` is set.
 */
export async function start(script, options) {
  const command = [path.join(root, script), '--until-input-ends', ...argumentsOf(options)];
  // Its input is ours to end: if this process dies, so does the server.
  const child = spawn(process.execPath, command, { stdio: 'pipe' });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints = (complaints + text).slice(-10_000);
    if (process.env.VERBOSE) process.stderr.write(text);
  });
  const lines = createInterface({ input: child.stdout });
  const outcome = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(startLimit) }).then(([line]) => JSON.parse(line)),
    once(child, 'exit').then(([code]) => new Error(`${script} ended with ${code}:\n${complaints}`)),
  ]);
  if (outcome instanceof Error) throw outcome;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { ...outcome, stop };
}

function argumentsOf(options) {
  return Object.entries(options).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => [`--${name}`, String(each)]),
  );
}

/** A port that is free now, for servers that must know of each other before both have started. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
