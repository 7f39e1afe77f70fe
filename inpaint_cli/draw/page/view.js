/** @import { Box } from "./types.js" */

const CLOSEST = 32; // screen pixels per pixel of the photo
const MARGIN = 24; // around a photo that fits

/** How the photo lies on the stage: scale, and where its top left corner is, in CSS pixels. */
export class View {
  scale = 1;
  left = 0;
  top = 0;
  width = 1;
  height = 1;
  photoWidth = 1;
  photoHeight = 1;
  /** Whether the photo follows the stage's size. */
  fits = true;

  /** @returns {number} the scale at which the whole photo is seen */
  get fitScale() {
    const margin = Math.min(MARGIN, this.width / 20);
    const scale = Math.min((this.width - 2 * margin) / this.photoWidth, (this.height - 2 * margin) / this.photoHeight);
    return Math.max(Math.min(scale, 4), 0.001);
  }

  fit() {
    this.fits = true;
    this.scale = this.fitScale;
    this.left = (this.width - this.photoWidth * this.scale) / 2;
    this.top = (this.height - this.photoHeight * this.scale) / 2;
  }

  /**
   * @param {number} width of the stage, in CSS pixels
   * @param {number} height
   */
  resize(width, height) {
    this.left += (width - this.width) / 2;
    this.top += (height - this.height) / 2;
    [this.width, this.height] = [width, height];
    if (this.fits) this.fit();
    else this.#keepInSight();
  }

  /**
   * Zoom so that what is under a point stays there.
   *
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, Math.min(this.fitScale, 1) / 2), CLOSEST);
    this.left = x - ((x - this.left) * scale) / this.scale;
    this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale;
    this.fits = false;
    this.#keepInSight();
  }

  /**
   * @param {number} x CSS pixels
   * @param {number} y
   */
  pan(x, y) {
    this.left += x;
    this.top += y;
    this.fits = false;
    this.#keepInSight();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]} the point of the photo under a point of the stage
   */
  toPhoto(x, y) {
    return [(x - this.left) / this.scale, (y - this.top) / this.scale];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]} the point of the stage where a point of the photo is seen
   */
  toStage(x, y) {
    return [x * this.scale + this.left, y * this.scale + this.top];
  }

  /** @returns {Box} the part of the photo that is seen, in whole pixels */
  get visible() {
    const [left, top] = this.toPhoto(0, 0).map((value) => Math.max(0, Math.floor(value)));
    const [right, bottom] = this.toPhoto(this.width, this.height).map(Math.ceil);
    return [left, top, Math.min(right, this.photoWidth) - left, Math.min(bottom, this.photoHeight) - top];
  }

  /** Keep at least a strip of the photo on the stage. */
  #keepInSight() {
    const strip = 60;
    this.left = Math.min(Math.max(this.left, strip - this.photoWidth * this.scale), this.width - strip);
    this.top = Math.min(Math.max(this.top, strip - this.photoHeight * this.scale), this.height - strip);
  }
}
