import { ENDED, getBitmap, send, ServerError } from "./api.js";

/** @import { Drawing } from "./drawing.js" */
/** @import { LinesSeen, Result, Variant } from "./types.js" */

const KEPT = 16; // results, fewer than the server keeps

/**
 * Results of one photo: what is drawn is filled, and a newer drawing takes the place of an older one.
 */
export class Fills {
  /** @type {Map<string, Result | null>} by the drawing's key, the oldest first; null where nothing is marked */
  #results = new Map();
  /** @type {AbortController | null} */
  #running = null;

  /** @param {number} photo */
  constructor(photo) {
    this.photo = photo;
  }

  /**
   * @param {string} key
   * @returns {Result | null | undefined} undefined if it has to be made first
   */
  known(key) {
    return this.#results.get(key);
  }

  /** Drop what is being filled. */
  stop() {
    this.#running?.abort();
    this.#running = null;
  }

  /**
   * Return the result of a drawing, undefined if a newer one came in between.
   *
   * @param {Drawing} drawing
   * @param {Variant} variant
   * @param {{stage?: (stage: string, progress: object) => void, lines?: (seen: LinesSeen) => void}} report
   * @returns {Promise<Result | null | undefined>}
   */
  async fill(drawing, variant, report = {}) {
    this.stop();
    const key = drawing.key(variant);
    if (this.#results.has(key)) return this.#results.get(key);
    const running = new AbortController();
    this.#running = running;
    /** @type {Result | null | undefined} */
    let result;
    /** @type {LinesSeen | null} */
    let seen = null;
    try {
      const path = `/api/photos/${this.photo}/fill`;
      await send(path, { strokes: drawing.active, variant }, async (event) => {
        if (event.event === "dropped" && !running.signal.aborted) throw new ServerError(ENDED);
        if (event.event === "empty") result = null;
        else if (event.event === "lines") report.lines?.((seen = { own: event.own, expected: event.expected }));
        else if (event.event === "done") {
          const bitmap = await getBitmap(`/api/results/${event.result}/picture`);
          result = { done: event, piece: { box: event.box, bitmap }, seen };
        } else report.stage?.(event.event, event);
      }, running.signal);
    } catch (error) {
      if (running.signal.aborted) return undefined;
      throw error;
    } finally {
      if (this.#running === running) this.#running = null;
    }
    if (running.signal.aborted || result === undefined) return undefined;
    this.#results.set(key, result);
    while (this.#results.size > KEPT) this.#results.delete(/** @type {string} */ (this.#results.keys().next().value));
    return result;
  }
}
