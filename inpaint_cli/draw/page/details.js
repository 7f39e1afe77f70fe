import { detailPath, getBitmap } from "./api.js";

/** @import { Stage } from "./stage.js" */
/** @import { Box, Piece } from "./types.js" */

const PAUSE = 120; // milliseconds that the view must rest

/** Fetches the photo and its result at full resolution, where the view is closer than the preview's resolution. */
export class Details {
  #timer = 0;
  #round = 0;
  photo = 0;

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** Fetch what is seen now, as soon as the view rests. */
  refresh() {
    clearTimeout(this.#timer);
    this.#round += 1;
    const { info, view } = this.stage;
    if (!info || view.scale * devicePixelRatio <= info.scale * 1.05) return;
    if (info.scale < 1) this.#timer = setTimeout(() => this.#fetch(this.#round), PAUSE);
  }

  /** @param {number} round */
  async #fetch(round) {
    const { stage } = this;
    const scale = Math.min(1, stage.view.scale * devicePixelRatio);
    const { visible } = stage.view;
    const { result } = stage;
    const wanted = [this.#piece(`/api/photos/${this.photo}`, visible, scale)];
    if (result) {
      const box = overlap(visible, result.done.box);
      const piece = this.#piece(`/api/results/${result.done.result}`, box, scale);
      wanted.push(piece.catch(() => null)); // the server does not keep it any more: the preview of it stays
    }
    const [detail, resultDetail] = await Promise.all(wanted);
    if (round !== this.#round) return;
    stage.detail = detail;
    if (result === stage.result) stage.resultDetail = resultDetail ?? null;
    stage.redraw("photo");
  }

  /**
   * @param {string} path
   * @param {Box} box
   * @param {number} scale
   * @returns {Promise<Piece | null>}
   */
  async #piece(path, box, scale) {
    if (box[2] <= 0 || box[3] <= 0) return null;
    return { box, bitmap: await getBitmap(detailPath(path, box, scale)) };
  }
}

/**
 * @param {Box} a
 * @param {Box} b
 * @returns {Box} empty if they are apart
 */
function overlap(a, b) {
  const left = Math.max(a[0], b[0]);
  const top = Math.max(a[1], b[1]);
  return [left, top, Math.min(a[0] + a[2], b[0] + b[2]) - left, Math.min(a[1] + a[3], b[1] + b[3]) - top];
}
