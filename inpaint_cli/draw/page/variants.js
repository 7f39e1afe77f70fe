import { byId } from "./dom.js";

/** @import { Drawing } from "./drawing.js" */
/** @import { Fills } from "./fills.js" */
/** @import { Stage } from "./stage.js" */
/** @import { Result, Variant } from "./types.js" */

const MORE = 2; // seeds that are added at a time

/** Other results of the same drawing side by side: with other seeds, and without lines. */
export class Variants {
  element = byId("variants", HTMLElement);
  #seeds = 1 + MORE;
  #round = 0;

  /**
   * @param {Stage} stage
   * @param {{lines: boolean, seed: number}} session
   * @param {(variant: Variant) => void} choose
   * @param {() => void} again shows them again, when there are to be more
   */
  constructor(stage, session, choose, again) {
    this.stage = stage;
    this.session = session;
    this.choose = choose;
    this.again = again;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Drop what is on its way. */
  stop() {
    this.#round += 1;
  }

  /**
   * Show the results of a drawing, one after the other as they are made.
   *
   * @param {Drawing} drawing
   * @param {Fills} fills
   */
  async show(drawing, fills) {
    this.stop();
    const round = this.#round;
    const { seed, lines } = this.session;
    /** @type {Variant[]} */
    const variants = [{ seed: null, lines: true }];
    if (lines) variants.push({ seed: null, lines: false });
    for (let i = 1; i < this.#seeds; i += 1) variants.push({ seed: seed + i, lines: drawing.variant.lines });
    const tiles = variants.map((variant) => this.#tile(variant, drawing));
    const more = document.createElement("button");
    more.type = "button";
    more.className = "text";
    more.textContent = "More";
    more.addEventListener("click", () => {
      this.#seeds += MORE;
      this.again();
    });
    this.element.replaceChildren(...tiles.map((tile) => tile.button), more);
    for (const [index, variant] of variants.entries()) {
      const known = fills.known(drawing.key(variant));
      const result = known === undefined ? await fills.fill(drawing, variant) : known;
      if (round !== this.#round) return;
      if (result) this.#paint(tiles[index], result);
    }
  }

  /**
   * @param {Variant} variant
   * @param {Drawing} drawing
   */
  #tile(variant, drawing) {
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    const label = document.createElement("small");
    const seconds = document.createElement("em");
    button.type = "button";
    const isChosen = variant.seed === drawing.variant.seed && variant.lines === drawing.variant.lines;
    button.setAttribute("aria-pressed", String(isChosen));
    const what = variant.seed === null ? (variant.lines ? "With lines" : "Without lines") : `Seed ${variant.seed}`;
    label.append(this.session.lines ? what : what.replace("With lines", `Seed ${this.session.seed}`), seconds);
    seconds.textContent = "…";
    button.append(canvas, label);
    button.addEventListener("click", () => this.choose(variant));
    return { button, canvas, seconds };
  }

  /**
   * @param {{canvas: HTMLCanvasElement, seconds: HTMLElement}} tile
   * @param {Result} result
   */
  #paint({ canvas, seconds }, result) {
    seconds.textContent = `${result.done.seconds.toFixed(1)} s`;
    const { preview, info } = this.stage;
    const context = canvas.getContext("2d");
    if (!context || !preview || !info) return;
    [canvas.width, canvas.height] = [424, 318];
    const [x, y, width, height] = result.piece.box;
    const scale = Math.min(canvas.width / (width * 1.3), canvas.height / (height * 1.3), 4);
    context.translate(canvas.width / 2, canvas.height / 2);
    context.scale(scale, scale);
    context.translate(-x - width / 2, -y - height / 2);
    context.drawImage(preview.bitmap, 0, 0, info.width, info.height);
    if (info.transparent) context.clearRect(x, y, width, height);
    context.drawImage(result.piece.bitmap, x, y, width, height);
  }
}
