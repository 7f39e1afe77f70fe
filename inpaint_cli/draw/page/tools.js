import { byId } from "./dom.js";
import { drawMaskStroke, pathOf, touches } from "./strokes.js";

/** @import { Stage } from "./stage.js" */
/** @import { Stroke, StrokeTool, Tool } from "./types.js" */

const RUBBER = 18; // CSS pixels
const NEXT_POINT = 1.5; // CSS pixels to the next point of a stroke
const STEP = 8; // CSS pixels that an arrow key moves, and with Shift
const LEAP = 48;

/** @type {Record<Tool, StrokeTool>} */
const DRAWS = { brush: "brush", eraser: "brush", lasso: "lasso", box: "box", clear: "clear", pencil: "pencil", rubber: "rubber" };

/**
 * The tool in the hand: strokes by mouse, pen, finger and keys.
 */
export class Tools {
  /** @type {Tool} */
  tool = "brush";
  /** The brush in pixels of the photo. */
  size = 40;
  /** @type {Omit<Stroke, "id"> | null} the stroke that is being drawn */
  live = null;
  /** @type {{x: number, y: number} | null} where the tool is on the stage */
  at = null;
  isPanning = false;

  /** @type {Map<number, {x: number, y: number}>} fingers, or the one pointer that draws or pans */
  #pointers = new Map();
  #straight = false;
  #byKeys = false;

  /**
   * @param {Stage} stage
   * @param {(stroke: Omit<Stroke, "id">) => void} commit
   * @param {(text: string) => void} say for those who don't see the stage
   */
  constructor(stage, commit, say) {
    this.stage = stage;
    this.commit = commit;
    this.say = say;
    stage.drawCursor = (context) => this.#draw(context);
    const element = stage.element;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event, true));
    element.addEventListener("pointercancel", (event) => this.#up(event, false));
    element.addEventListener("pointerleave", () => this.#place(null));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("blur", () => this.#byKeys && this.cancel());
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.stage.redraw("cursor");
  }

  /** @param {boolean} panning whether the pointer moves the photo instead of drawing */
  pan(panning) {
    this.isPanning = panning;
    this.stage.element.classList.toggle("pan", panning);
    this.stage.redraw("cursor");
  }

  /** Give the stroke up. */
  cancel() {
    if (!this.live) return;
    this.live = null;
    this.#byKeys = false;
    this.stage.fadeMask(false);
    this.stage.redraw("mask", "cursor", "lines");
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.stage.info) return;
    this.stage.element.focus({ preventScroll: true });
    this.stage.element.setPointerCapture(event.pointerId);
    const point = this.#local(event);
    this.#pointers.set(event.pointerId, point);
    if (this.#pointers.size > 1) {
      this.cancel(); // a second finger: what the first one began was not meant
      return;
    }
    if (event.button > 1 && event.pointerType !== "pen") return;
    if (this.isPanning || event.button === 1) {
      this.stage.element.classList.add("pan");
      return;
    }
    this.#straight = event.shiftKey;
    this.#begin(point, event.altKey || (event.buttons & 32) > 0); // a pen's other end
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const point = this.#local(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      this.#place(event.pointerType === "touch" ? null : point);
      return;
    }
    if (this.#pointers.size > 1) {
      this.#pinch(event.pointerId, before, point);
      return;
    }
    this.#pointers.set(event.pointerId, point);
    this.#straight = event.shiftKey;
    if (this.live && !this.#byKeys) {
      const moves = event.getCoalescedEvents();
      for (const part of moves.length ? moves : [event]) this.#extend(this.#local(part));
    } else if (this.isPanning || event.buttons & 4) {
      this.stage.view.pan(point.x - before.x, point.y - before.y);
      this.stage.moved();
    }
    this.#place(point);
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} finished
   */
  #up(event, finished) {
    this.#pointers.delete(event.pointerId);
    this.stage.element.classList.toggle("pan", this.isPanning);
    if (this.#byKeys) return;
    if (finished) this.#end();
    else this.cancel();
  }

  /**
   * Two fingers move and scale the photo.
   *
   * @param {number} id of the finger that moved
   * @param {{x: number, y: number}} before
   * @param {{x: number, y: number}} after
   */
  #pinch(id, before, after) {
    const [other] = [...this.#pointers].filter(([each]) => each !== id).map(([, point]) => point);
    this.#pointers.set(id, after);
    const apart = (/** @type {{x: number, y: number}} */ point) => Math.hypot(point.x - other.x, point.y - other.y);
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
      this.#press(event.altKey);
    } else if (event.key === "Escape") {
      this.cancel();
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
    const from = this.at ?? { x: view.width / 2, y: view.height / 2 };
    const to = { x: from.x + x, y: from.y + y };
    const inside = { x: Math.max(0, Math.min(view.width, to.x)), y: Math.max(0, Math.min(view.height, to.y)) };
    if (inside.x !== to.x || inside.y !== to.y) {
      view.pan(inside.x - to.x, inside.y - to.y);
      this.stage.moved();
    }
    if (this.live) this.#extend(inside);
    this.#place(inside);
  }

  /** @param {boolean} erase */
  #press(erase) {
    const view = this.stage.view;
    const point = this.at ?? { x: view.width / 2, y: view.height / 2 };
    this.#place(point);
    const [x, y] = view.toPhoto(point.x, point.y).map(Math.round);
    if (this.live) {
      this.#end();
      this.say(`Stroke ended at ${x}, ${y}`);
      return;
    }
    this.#byKeys = true;
    this.#straight = false;
    this.#begin(point, erase);
    this.say(`${this.tool} down at ${x}, ${y}`);
  }

  /**
   * @param {{x: number, y: number}} point
   * @param {boolean} erase
   */
  #begin(point, erase) {
    const { scale } = this.stage.view;
    const tool = DRAWS[this.tool];
    const width = tool === "rubber" ? RUBBER / scale : this.size;
    const isMask = tool === "brush" || tool === "lasso" || tool === "box";
    this.live = { tool, points: this.#photoPoint(point), width: round(width), erase: isMask && (erase || this.tool === "eraser") };
    if (isMask) this.stage.fadeMask(false);
    if (tool === "brush") this.#paint();
    this.#rub();
    this.#place(point);
  }

  /** @param {{x: number, y: number}} point */
  #extend(point) {
    const live = this.live;
    if (!live) return;
    const [x, y] = this.#photoPoint(point);
    const last = live.points.length - 2;
    const first = live.points.slice(0, 2);
    if (live.tool === "box" || (live.tool === "pencil" && this.#straight)) {
      live.points = [...first, x, y];
    } else if (Math.hypot(x - live.points[last], y - live.points[last + 1]) * this.stage.view.scale >= NEXT_POINT) {
      live.points.push(x, y);
      if (live.tool === "brush") this.#paint();
      this.#rub();
    }
  }

  #end() {
    const live = this.live;
    this.live = null;
    this.#byKeys = false;
    if (!live) return;
    const { tool, points } = live;
    const [x, y] = [0, 1].map((axis) => points.filter((_, i) => i % 2 === axis));
    const extent = [Math.max(...x) - Math.min(...x), Math.max(...y) - Math.min(...y)];
    const tooSmall =
      (tool === "box" && Math.min(...extent) < 1) ||
      (tool === "lasso" && (points.length < 6 || Math.max(...extent) < 1)) ||
      (tool === "pencil" && points.length < 4);
    if (!tooSmall) this.commit(live);
    this.stage.redraw("cursor", "lines", ...(tool === "brush" ? [] : /** @type {const} */ (["mask"])));
  }

  /** Paint the newest part of a brush's stroke; what was painted before stays as it is. */
  #paint() {
    if (this.live) drawMaskStroke(this.stage.maskContext, { id: 0, ...this.live, points: this.live.points.slice(-4) });
  }

  /** Take the guessed lines away that the rubber has just touched. */
  #rub() {
    const { live, stage } = this;
    if (live?.tool !== "rubber" || !stage.seen) return;
    for (const line of stage.seen.expected) {
      if (line.kept && touches(line.points, live.points.slice(-4), live.width)) line.kept = false;
    }
    stage.redraw("lines");
  }

  /** @param {{x: number, y: number} | null} point */
  #place(point) {
    this.at = point ?? (this.#byKeys ? this.at : null);
    this.stage.redraw("cursor");
    const place = byId("place", HTMLSpanElement);
    const [x, y] = point ? this.stage.view.toPhoto(point.x, point.y).map(Math.floor) : [-1, -1];
    place.dataset.at = point ? `${x}, ${y}` : "";
    place.dispatchEvent(new Event("moved"));
  }

  /**
   * @param {MouseEvent} event
   * @returns {{x: number, y: number}} where it is on the stage
   */
  #local(event) {
    const { left, top } = this.stage.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /**
   * @param {{x: number, y: number}} point
   * @returns {[number, number]}
   */
  #photoPoint(point) {
    const [x, y] = this.stage.view.toPhoto(point.x, point.y);
    return [round(x), round(y)];
  }

  /** @param {CanvasRenderingContext2D} context in the stage's coordinates */
  #draw(context) {
    const { live, at, stage } = this;
    const { view } = stage;
    if (live && live.tool !== "brush") {
      const [x0, y0, x1, y1] = live.points;
      const corners = live.tool === "box" && x1 !== undefined;
      context.save();
      context.transform(view.scale, 0, 0, view.scale, view.left, view.top);
      const path = corners ? pathOf([x0, y0, x1, y0, x1, y1, x0, y1], true) : pathOf(live.points, live.tool === "lasso");
      if (live.tool === "rubber") outline(context, path, live.width, "#fff6", "#0000");
      else if (live.tool === "pencil") outline(context, path, stage.pen, "#7dff6a", "#0009");
      else outline(context, path, 1.5 / view.scale, "#fff", "#000a");
      context.restore();
    }
    if (!at || this.isPanning) return;
    const ring = new Path2D();
    if (this.tool === "brush" || this.tool === "eraser" || this.tool === "rubber") {
      const radius = this.tool === "rubber" ? RUBBER / 2 : (this.size * view.scale) / 2;
      ring.arc(at.x, at.y, Math.max(1.5, radius), 0, 7);
      if (this.tool !== "brush") ring.addPath(cross(at.x, at.y, 3));
    } else {
      ring.addPath(cross(at.x, at.y, 9));
    }
    outline(context, ring, 1.25, "#fff", "#000c");
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {number} width
 * @param {string} colour
 * @param {string} around so that it is seen on any ground
 */
function outline(context, path, width, colour, around) {
  context.lineWidth = width * 2.2;
  context.strokeStyle = around;
  context.stroke(path);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} arm
 */
function cross(x, y, arm) {
  return new Path2D(`M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`);
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
