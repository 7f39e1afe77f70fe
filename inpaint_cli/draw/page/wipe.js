import { byId } from "./dom.js";

/** @import { Stage } from "./stage.js" */

const STEP = 0.02;

/** The slider between the photo before and after. */
export class Wipe {
  element = byId("wipe", HTMLDivElement);
  #share = 0.5;

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    const { element } = this;
    element.addEventListener("pointerdown", (event) => element.setPointerCapture(event.pointerId));
    element.addEventListener("pointermove", (event) => {
      const { left, width } = stage.element.getBoundingClientRect();
      if (element.hasPointerCapture(event.pointerId)) this.#set((event.clientX - left) / width);
    });
    element.addEventListener("keydown", (event) => {
      /** @type {Record<string, number>} */
      const places = {
        ArrowLeft: this.#share - STEP,
        ArrowDown: this.#share - STEP,
        ArrowRight: this.#share + STEP,
        ArrowUp: this.#share + STEP,
        Home: 0,
        End: 1,
      };
      if (!(event.key in places)) return;
      event.preventDefault();
      this.#set(places[event.key]);
    });
    new ResizeObserver(() => this.isOpen && this.#set(this.#share)).observe(stage.element);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = this.isOpen;
    if (this.isOpen) {
      this.#set(this.#share);
      this.element.focus();
    } else {
      this.stage.wipe = null;
      this.stage.redraw("photo", "lines");
    }
  }

  /** @param {number} share */
  #set(share) {
    this.#share = Math.max(0, Math.min(1, share));
    this.stage.wipe = this.#share;
    this.element.style.left = `${this.#share * this.stage.view.width}px`;
    this.element.setAttribute("aria-valuenow", String(Math.round(100 * this.#share)));
    this.element.setAttribute("aria-valuetext", `${Math.round(100 * this.#share)} % before`);
    this.stage.redraw("photo", "lines");
  }
}
