/** @import { Stroke } from "./types.js" */

/**
 * @param {number[]} points x, y, x, y, …
 * @param {boolean} closed
 * @returns {Path2D}
 */
export function pathOf(points, closed = false) {
  const path = new Path2D();
  path.moveTo(points[0], points[1]);
  if (points.length === 2) path.lineTo(points[0], points[1]); // a dot, by its round ends
  for (let i = 2; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  if (closed) path.closePath();
  return path;
}

/** @type {WeakMap<Stroke, Path2D>} */
const paths = new WeakMap();

/** @param {Stroke} stroke */
function strokePath(stroke) {
  let path = paths.get(stroke);
  if (!path) {
    const [x0, y0, x1, y1] = stroke.points;
    path = stroke.tool === "box" ? pathOf([x0, y0, x1, y0, x1, y1, x0, y1], true) : pathOf(stroke.points);
    paths.set(stroke, path);
  }
  return path;
}

/**
 * Draw one stroke of the mask, as the server will.
 *
 * @param {CanvasRenderingContext2D} context in the photo's coordinates
 * @param {Stroke} stroke
 */
export function drawMaskStroke(context, stroke) {
  if (stroke.tool === "clear") {
    context.save();
    context.resetTransform();
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.restore();
    return;
  }
  context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
  if (stroke.tool === "brush") {
    context.lineWidth = stroke.width;
    context.stroke(strokePath(stroke));
  } else if (stroke.tool === "lasso" || stroke.tool === "box") {
    context.fill(strokePath(stroke), "evenodd");
  }
  context.globalCompositeOperation = "source-over";
}

/**
 * Draw one stroke of the lines.
 *
 * @param {CanvasRenderingContext2D} context in the photo's coordinates
 * @param {Stroke} stroke
 * @param {number} pen the width of a pencil's line
 */
export function drawLineStroke(context, stroke, pen) {
  if (stroke.tool !== "pencil" && stroke.tool !== "rubber") return;
  context.globalCompositeOperation = stroke.tool === "rubber" ? "destination-out" : "source-over";
  context.lineWidth = stroke.tool === "rubber" ? stroke.width : pen;
  context.stroke(strokePath(stroke));
  context.globalCompositeOperation = "source-over";
}

/**
 * Whether a stroke of the rubber touches a line.
 *
 * @param {number[]} line
 * @param {number[]} rubber
 * @param {number} width of the rubber
 */
export function touches(line, rubber, width) {
  const near = (width / 2) ** 2;
  for (let i = 0; i < line.length; i += 2) {
    for (let j = 0; j < rubber.length; j += 2) {
      const k = Math.min(j + 2, rubber.length - 2);
      if (distance2(line[i], line[i + 1], rubber[j], rubber[j + 1], rubber[k], rubber[k + 1]) <= near) return true;
    }
  }
  return false;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @returns {number} the squared distance of a point from a segment
 */
function distance2(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
  return (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2;
}
