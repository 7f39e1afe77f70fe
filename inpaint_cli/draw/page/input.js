/** @import { Tools } from "./tools.js" */

const STEP = 8; // CSS pixels that an arrow key moves the tool
const LEAP = 48; // with Shift
const ERASER_END = 32; // of a pen, as a pressed button

/** @typedef {{x: number, y: number}} Point on the stage, in CSS pixels */

/** Mouse, pen, fingers and keys on the stage: they move the tool, or the photo. */
export class Input {
  isPanning = false;
  /** @type {Map<number, Point>} fingers, or the one pointer that draws or pans */
  #pointers = new Map();
  #byKeys = false;

  /**
   * @param {Tools} tools
   * @param {(text: string) => void} say for those who don't see the stage
   */
  constructor(tools, say) {
    this.tools = tools;
    this.stage = tools.stage;
    this.say = say;
    const { element } = this.stage;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, true));
    element.addEventListener("pointercancel", (event) => this.#up(event, false));
    element.addEventListener("pointerleave", () => this.#pointers.size || this.tools.place(null));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("blur", () => this.#byKeys && this.#cancel());
  }

  /** @param {boolean} panning whether the pointer moves the photo instead of drawing */
  pan(panning) {
    this.isPanning = this.tools.isAway = panning;
    this.stage.element.classList.toggle("pan", panning);
    this.stage.redraw("cursor");
  }

  #cancel() {
    this.#byKeys = false;
    this.tools.cancel();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.stage.info) return;
    this.stage.element.focus({ preventScroll: true });
    this.stage.element.setPointerCapture(event.pointerId);
    const point = this.#local(event);
    this.#pointers.set(event.pointerId, point);
    if (this.#pointers.size > 1) {
      this.#cancel(); // a second finger: what the first one began was not meant
      return;
    }
    if (event.button > 1 && event.pointerType !== "pen") return;
    if (this.isPanning || event.button === 1) {
      this.stage.element.classList.add("pan");
      return;
    }
    this.tools.straight = event.shiftKey;
    this.tools.begin(point, event.altKey || (event.buttons & ERASER_END) > 0);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const point = this.#local(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      this.tools.place(event.pointerType === "touch" ? null : point);
      return;
    }
    if (this.#pointers.size > 1) {
      this.#pinch(event.pointerId, before, point);
      return;
    }
    this.#pointers.set(event.pointerId, point);
    this.tools.straight = event.shiftKey;
    if (this.tools.live && !this.#byKeys) {
      const moves = event.getCoalescedEvents();
      for (const part of moves.length ? moves : [event]) this.tools.extend(this.#local(part));
    } else if (this.isPanning || event.buttons & 4) {
      this.stage.view.pan(point.x - before.x, point.y - before.y);
      this.stage.moved();
    }
    this.tools.place(point);
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} finished
   */
  #up(event, finished) {
    this.#pointers.delete(event.pointerId);
    this.stage.element.classList.toggle("pan", this.isPanning);
    if (this.#byKeys) return;
    if (finished) this.tools.end();
    else this.#cancel();
  }

  /**
   * Two fingers move and scale the photo.
   *
   * @param {number} id of the finger that moved
   * @param {Point} before
   * @param {Point} after
   */
  #pinch(id, before, after) {
    const [other] = [...this.#pointers].filter(([each]) => each !== id).map(([, point]) => point);
    this.#pointers.set(id, after);
    const apart = (/** @type {Point} */ point) => Math.hypot(point.x - other.x, point.y - other.y);
    this.stage.view.zoom(apart(after) / Math.max(1, apart(before)), other.x, other.y);
    this.stage.view.pan((after.x - before.x) / 2, (after.y - before.y) / 2);
    this.stage.moved();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const { x, y } = this.#local(event);
    this.stage.view.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 300), x, y);
    this.stage.moved();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || !this.stage.info) return;
    const step = event.shiftKey ? LEAP : STEP;
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in ways) {
      const [x, y] = ways[event.key];
      if (this.isPanning) {
        this.stage.view.pan(-x, -y);
        this.stage.moved();
      } else {
        this.#walk(x, y);
      }
    } else if (event.key === "Enter") {
      this.#press(event.altKey, event.shiftKey);
    } else if (event.key === "Escape") {
      this.#cancel();
    } else {
      return;
    }
    event.preventDefault();
  }

  /**
   * Move the tool by keys; the photo follows where it would leave the stage.
   *
   * @param {number} x
   * @param {number} y
   */
  #walk(x, y) {
    const view = this.stage.view;
    const from = this.tools.at ?? { x: view.width / 2, y: view.height / 2 };
    const to = { x: from.x + x, y: from.y + y };
    const inside = { x: Math.max(0, Math.min(view.width, to.x)), y: Math.max(0, Math.min(view.height, to.y)) };
    if (inside.x !== to.x || inside.y !== to.y) {
      view.pan(inside.x - to.x, inside.y - to.y);
      this.stage.moved();
    }
    if (this.tools.live) this.tools.extend(inside);
    this.tools.place(inside);
  }

  /**
   * Put the tool down, or lift it.
   *
   * @param {boolean} erase
   * @param {boolean} straight
   */
  #press(erase, straight) {
    const view = this.stage.view;
    const point = this.tools.at ?? { x: view.width / 2, y: view.height / 2 };
    this.tools.place(point);
    const [x, y] = view.toPhoto(point.x, point.y).map(Math.round);
    if (this.tools.live) {
      this.#byKeys = false;
      this.say(`Stroke ended at ${x}, ${y}`);
      this.tools.end();
      return;
    }
    this.#byKeys = true;
    this.tools.straight = straight;
    this.tools.begin(point, erase);
    this.say(`${this.tools.tool} down at ${x}, ${y}`);
  }

  /**
   * @param {MouseEvent} event
   * @returns {Point} where it is on the stage
   */
  #local(event) {
    const { left, top } = this.stage.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
