/** @import { Box, Stroke, Variant } from "./types.js" */

/** The name of this tab: its newer requests replace its own older ones only. */
const TAB = crypto.randomUUID();

/** The message when the server does not answer any more. */
export const ENDED = "The program has ended; what is drawn stays in this tab until it is closed.";

/** Counts requests, so that a late one does not replace a newer one. */
let turn = 0;

/** The server has ended, or reported an error. */
export class ServerError extends Error {}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
async function request(path, init) {
  let answer;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServerError(ENDED);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  try {
    throw new ServerError(JSON.parse(text).error);
  } catch (error) {
    throw error instanceof ServerError ? error : new ServerError(text);
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function getJson(path) {
  return (await request(path)).json();
}

/**
 * @param {string} path
 * @returns {Promise<ImageBitmap>}
 */
export async function getBitmap(path) {
  return createImageBitmap(await (await request(path)).blob());
}

/**
 * Return the address of a part of a photo or a result.
 *
 * @param {string} path
 * @param {Box} box whole numbers
 * @param {number} scale
 */
export function detailPath(path, [x, y, width, height], scale) {
  return `${path}/detail?x=${x}&y=${y}&width=${width}&height=${height}&scale=${scale}`;
}

/**
 * Send a drawing and hand on what the server reports, one event at a time.
 *
 * @param {string} path
 * @param {{strokes: Stroke[], variant: Variant, existing?: string}} drawing
 * @param {(event: any) => void | Promise<void>} report
 * @param {AbortSignal} [signal]
 */
export async function send(path, { strokes, variant, existing }, report, signal) {
  const body = JSON.stringify({
    tab: TAB,
    turn: ++turn,
    strokes: strokes.map(({ tool, points, width, erase }) => ({ tool, points, width, erase })),
    ...variant,
    existing,
  });
  const headers = { "Content-Type": "application/json" };
  const answer = await request(path, { method: "POST", headers, body, signal });
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "failed") throw new ServerError(event.error);
      await report(event);
    }
  }
}

/** End the program. */
export async function finish() {
  await request("/api/finish", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
}
