import { drawMaskStroke, pathOf, touches } from "./strokes.js";

/** @import { Stage } from "./stage.js" */
/** @import { Stroke, StrokeTool, Tool } from "./types.js" */

const RUBBER = 18; // CSS pixels
const NEXT_POINT = 1.5; // CSS pixels to the next point of a stroke

/** @type {Record<Tool, StrokeTool>} */
const DRAWS = { brush: "brush", eraser: "brush", lasso: "lasso", box: "box", clear: "clear", pencil: "pencil", rubber: "rubber" };

/** The tool in the hand, whatever moves it: what a stroke is and how it looks while it is drawn. */
export class Tools {
  /** @type {Tool} */
  tool = "brush";
  /** The brush in pixels of the photo. */
  size = 40;
  /** @type {{x: number, y: number} | null} where the tool is on the stage */
  at = null;
  /** Whether the pencil draws from where it was put down in a straight line. */
  straight = false;
  /** Whether the tool is out of the hand, because the photo is being moved. */
  isAway = false;
  /** Called when the tool is shown elsewhere. */
  onPlace = () => {};

  /**
   * @param {Stage} stage
   * @param {(stroke: Omit<Stroke, "id">) => void} commit
   */
  constructor(stage, commit) {
    this.stage = stage;
    this.commit = commit;
    stage.drawCursor = (context) => this.#draw(context);
  }

  /** The stroke that is being drawn. */
  get live() {
    return this.stage.live;
  }

  set live(stroke) {
    this.stage.live = stroke;
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.stage.redraw("cursor");
  }

  /** Give the stroke up. */
  cancel() {
    if (!this.live) return;
    this.live = null;
    this.stage.fadeMask(false);
    this.stage.redraw("mask", "cursor", "lines");
  }

  /**
   * Put the tool down.
   *
   * @param {{x: number, y: number}} point of the stage
   * @param {boolean} erase take away from the mask, whichever tool it is
   */
  begin(point, erase) {
    const { scale } = this.stage.view;
    const tool = DRAWS[this.tool];
    const width = tool === "rubber" ? RUBBER / scale : this.size;
    const isMask = tool === "brush" || tool === "lasso" || tool === "box";
    this.live = { tool, points: this.#photoPoint(point), width: round(width), erase: isMask && (erase || this.tool === "eraser") };
    if (isMask) this.stage.fadeMask(false);
    if (tool === "brush") this.#paint();
    this.#rub();
    this.place(point);
  }

  /** @param {{x: number, y: number}} point of the stage that the stroke goes on to */
  extend(point) {
    const live = this.live;
    if (!live) return;
    const [x, y] = this.#photoPoint(point);
    const last = live.points.length - 2;
    const first = live.points.slice(0, 2);
    if (live.tool === "box" || (live.tool === "pencil" && this.straight)) {
      live.points = [...first, x, y];
    } else if (Math.hypot(x - live.points[last], y - live.points[last + 1]) * this.stage.view.scale >= NEXT_POINT) {
      live.points.push(x, y);
      if (live.tool === "brush") this.#paint();
      this.#rub();
    }
  }

  /** Lift the tool: what was drawn counts, unless it is too small to be meant. */
  end() {
    const live = this.live;
    this.live = null;
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

  /** @param {{x: number, y: number} | null} point of the stage where the tool is shown */
  place(point) {
    this.at = point;
    this.stage.redraw("cursor");
    this.onPlace();
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
    if (!at || this.isAway) return;
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
