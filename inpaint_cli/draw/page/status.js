import { byId } from "./dom.js";

/** @import { Done } from "./types.js" */

const STAGES = {
  waiting: "Waiting for an earlier fill",
  started: "Looking for lines",
  painting: "Painting along the lines",
  finishing: "Finishing with the photo’s texture",
  saving: "Saving at full size",
};

/** @type {Record<string, (done: Done) => string>} where the lines came from */
const LINES = {
  none: () => "no lines",
  drawn: ({ drawn, kept }) => `${plural(drawn, "line")} drawn by you${kept ? ", guessed ones kept" : ""}`,
  given: ({ count }) => `${plural(count, "line")} of your sketch`,
  continue: ({ count }) => (count ? `${plural(count, "line")} continued from the photo` : "no line to continue"),
  g1: ({ count }) => `${plural(count, "line")} guessed by the network G1`,
};

/** @type {Record<string, string>} what painted */
const PAINTERS = {
  g2: "painted by the network G2",
  harmonic: "colours by harmonic interpolation",
  both: "painted by the network G2 and by harmonic interpolation",
  telea: "Telea’s method",
  "navier-stokes": "Navier–Stokes method",
  patchmatch: "PatchMatch alone",
};

/** The line at the bottom, and the bar while something is computed. */
export class Status {
  #text = byId("status", HTMLSpanElement);
  #bar = byId("progress", HTMLDivElement);
  #stage = byId("stage", HTMLDivElement);
  #timer = 0;

  /**
   * @param {keyof typeof STAGES} stage
   * @param {{window?: number, windows?: number}} [progress]
   */
  busy(stage, { window = 1, windows = 1 } = {}) {
    this.#text.classList.remove("error");
    const begin = this.#bar.hidden ? performance.now() : Number(this.#bar.dataset.begin);
    this.#bar.dataset.begin = String(begin);
    this.#bar.hidden = false;
    this.#stage.setAttribute("aria-busy", "true");
    const text = windows > 1 ? `${STAGES[stage]}, ${window} of ${windows}…` : `${STAGES[stage]}…`;
    this.#text.textContent = text;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      this.#text.textContent = `${text} ${((performance.now() - begin) / 1000).toFixed(0)} s`;
    }, 1000);
  }

  /** @param {string} text */
  idle(text) {
    clearInterval(this.#timer);
    this.#bar.hidden = true;
    this.#stage.setAttribute("aria-busy", "false");
    this.#text.classList.remove("error");
    this.#text.textContent = text;
  }

  /** @param {string} text */
  error(text) {
    this.idle(text);
    this.#text.classList.add("error");
  }

  /** @param {Done} done */
  done(done) {
    const lines = LINES[done.lines] ?? (() => done.lines);
    const windows = done.windows > 1 ? ` · ${done.windows} windows` : "";
    const painters = done.painter.split(", ").map((painter) => PAINTERS[painter] ?? painter).join("; ");
    const acted = `${lines(done)} · ${painters}${windows}`;
    this.idle(`Filled in ${done.seconds.toFixed(1)} s · ${acted}`);
  }
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
