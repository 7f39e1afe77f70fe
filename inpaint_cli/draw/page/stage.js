import { byId } from "./dom.js";
import { drawLineStroke, drawMaskStroke, pathOf } from "./strokes.js";
import { View } from "./view.js";

/** @import { LinesSeen, PhotoInfo, Piece, Result, Stroke } from "./types.js" */

const THINNEST = 2; // CSS pixels of a line
const COLOURS = ["mask", "own", "expected", "drawn"];

/** The photo and all that lies over it: four canvases, each redrawn only when what it shows has changed. */
export class Stage {
  element = byId("stage", HTMLDivElement);
  view = new View();
  /** @type {PhotoInfo | null} */
  info = null;
  /** @type {Piece | null} */
  preview = null;
  /** @type {Piece | null} */
  detail = null;
  /** @type {ImageBitmap | null} */
  baseMask = null;
  /** @type {Result | null} */
  result = null;
  /** @type {Piece | null} */
  resultDetail = null;
  /** @type {Stroke[]} */
  strokes = [];
  /** @type {Omit<Stroke, "id"> | null} the stroke that is being drawn */
  live = null;
  /** @type {LinesSeen | null} */
  seen = null;
  showsLines = false;
  showsBefore = false;
  /** Where the photo before ends and the one after begins, as a share of the stage's width; null for no slider. */
  /** @type {number | null} */
  wipe = null;

  #layers = {
    photo: new Layer("photo-layer"),
    mask: new Layer("mask-layer"),
    lines: new Layer("lines-layer"),
    cursor: new Layer("cursor-layer"),
  };
  /** @type {Set<"photo" | "mask" | "lines" | "cursor">} */
  #stale = new Set();
  #frame = 0;
  #colours = colours();
  /** @type {(context: CanvasRenderingContext2D) => void} */
  drawCursor = () => {};
  /** @type {() => void} */
  onView = () => {};

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** The width of a pencil's line in pixels of the photo: that of the server, or as thin as can be seen. */
  get pen() {
    const info = this.info;
    const drawn = info ? Math.max(1, Math.round(Math.max(info.width, info.height) / 640)) : 1;
    return Math.max(drawn, THINNEST / this.view.scale);
  }

  /** The mask's canvas, in the photo's coordinates, for a stroke that is being painted. */
  get maskContext() {
    return this.#layers.mask.begin(this.view, this.#colours.mask, false);
  }

  /** @param {boolean} faded whether the mask is out of the way, so that the result is seen */
  fadeMask(faded) {
    this.#layers.mask.canvas.classList.toggle("faded", faded);
  }

  /** @param {("photo" | "mask" | "lines" | "cursor")[]} layers all of them if none are named */
  redraw(...layers) {
    for (const layer of layers.length ? layers : /** @type {const} */ (["photo", "mask", "lines", "cursor"])) {
      this.#stale.add(layer);
    }
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Redraw all: the photo lies elsewhere, or at another scale. */
  moved() {
    this.redraw();
    this.onView();
  }

  #resize() {
    const { width, height } = this.element.getBoundingClientRect();
    if (!width || !height) return;
    this.view.resize(width, height);
    for (const layer of Object.values(this.#layers)) layer.resize(width, height);
    this.moved();
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const stale = this.#stale;
    this.#stale = new Set();
    if (stale.has("photo")) this.#drawPhoto();
    if (stale.has("mask")) this.#drawMask();
    if (stale.has("lines")) this.#drawLines();
    if (stale.has("cursor")) this.drawCursor(this.#layers.cursor.begin(null, "#fff"));
  }

  #drawPhoto() {
    const context = this.#layers.photo.begin(this.view, "#fff");
    if (!this.preview || !this.info) return;
    context.imageSmoothingEnabled = this.view.scale < 3;
    context.imageSmoothingQuality = "high";
    drawPiece(context, this.preview);
    if (this.detail) drawPiece(context, this.detail, this.info.transparent);
    if (this.result && !this.showsBefore) this.#drawResult(context, this.result);
    if (this.info.transparent) drawGround(context, this.info, this.view.scale);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Result} result
   */
  #drawResult(context, result) {
    context.save();
    if (this.wipe !== null) {
      const [edge] = this.view.toPhoto(this.wipe * this.view.width, 0);
      context.beginPath();
      context.rect(edge, -1e6, 2e6, 2e6);
      context.clip();
    }
    for (const piece of [result.piece, this.resultDetail]) {
      if (piece) drawPiece(context, piece, this.info?.transparent);
    }
    context.restore();
  }

  #drawMask() {
    const context = this.#layers.mask.begin(this.view, this.#colours.mask);
    if (this.baseMask && this.info) {
      context.drawImage(this.baseMask, 0, 0, this.info.width, this.info.height);
      context.globalCompositeOperation = "source-in";
      context.fillRect(0, 0, this.info.width, this.info.height);
      context.globalCompositeOperation = "source-over";
    }
    for (const stroke of this.strokes) drawMaskStroke(context, stroke);
    if (this.live?.tool === "brush") drawMaskStroke(context, { id: 0, ...this.live });
  }

  #drawLines() {
    const { own, expected, drawn } = this.#colours;
    const context = this.#layers.lines.begin(this.view, drawn);
    if (this.showsBefore) return;
    if (this.showsLines) {
      for (const stroke of this.strokes) drawLineStroke(context, stroke, this.pen);
      context.globalCompositeOperation = "destination-over"; // the rubber rubs out what is drawn; guesses go as a whole
      if (this.seen) {
        const kept = this.seen.expected.filter((line) => line.kept).map((line) => line.points);
        strokePaths(context, kept, expected, this.pen);
        strokePaths(context, this.seen.own, own, Math.min(this.pen, (1.5 * THINNEST) / this.view.scale) * 0.75);
      }
      context.globalCompositeOperation = "source-over";
    }
    const hair = 1 / this.view.scale;
    for (const outline of this.wipe === null ? (this.result?.done.outline ?? []) : []) {
      const path = pathOf(outline, true);
      for (const [colour, offset] of /** @type {const} */ ([["#000c", 0], ["#fffc", 4 * hair]])) {
        context.setLineDash([4 * hair, 4 * hair]);
        context.lineDashOffset = offset;
        context.lineWidth = hair;
        context.strokeStyle = colour;
        context.stroke(path);
      }
    }
    context.setLineDash([]);
  }
}

/** One canvas, at the screen's own resolution. */
class Layer {
  /** @param {string} id */
  constructor(id) {
    this.canvas = byId(id, HTMLCanvasElement);
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("this browser has no canvas");
    this.context = context;
  }

  /**
   * @param {number} width CSS pixels
   * @param {number} height
   */
  resize(width, height) {
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
  }

  /**
   * @param {View | null} view the photo's coordinates; null for the stage's
   * @param {string} colour
   * @param {boolean} empty whether what was drawn before goes
   */
  begin(view, colour, empty = true) {
    const { canvas, context } = this;
    context.resetTransform();
    if (empty) context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(devicePixelRatio, devicePixelRatio);
    if (view) context.transform(view.scale, 0, 0, view.scale, view.left, view.top);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = context.fillStyle = colour;
    return context;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Piece} piece
 * @param {boolean} instead whether it takes the place of what lies under it, not only covers it
 */
function drawPiece(context, { box: [x, y, width, height], bitmap }, instead = false) {
  if (instead) context.clearRect(x, y, width, height);
  context.drawImage(bitmap, x, y, width, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number[][]} lines
 * @param {string} colour
 * @param {number} width
 */
function strokePaths(context, lines, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  for (const line of lines) context.stroke(pathOf(line));
}

/**
 * Draw the ground under a photo that is not opaque, below what is drawn already.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {PhotoInfo} info
 * @param {number} scale
 */
function drawGround(context, info, scale) {
  const tile = new OffscreenCanvas(16, 16);
  const squares = tile.getContext("2d");
  if (!squares) return;
  for (const [x, y, colour] of /** @type {const} */ ([[0, 0, "#fff"], [8, 8, "#fff"], [8, 0, "#ccc"], [0, 8, "#ccc"]])) {
    squares.fillStyle = colour;
    squares.fillRect(x, y, 8, 8);
  }
  const pattern = context.createPattern(tile, "repeat");
  if (!pattern) return;
  pattern.setTransform(new DOMMatrix().scale(1 / scale));
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = pattern;
  context.fillRect(0, 0, info.width, info.height);
  context.globalCompositeOperation = "source-over";
}

/** @returns {Record<string, string>} the colours of the style sheet by name */
function colours() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
